/** Text that is markup already; everything else is escaped when it is put into `html`. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Markup | readonly Markup[] | null;

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeText = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => escapes[sign] ?? sign);

function render(part: Part): string {
  if (part === null) return '';
  if (part instanceof Markup) return part.text;
  return typeof part === 'object' ? part.map(render).join('') : escapeText(String(part));
}

export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(texts.map((text, index) => text + render(parts[index] ?? null)).join(''));
}

const inline = (text: string): string =>
  escapeText(text)
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
    .replaceAll(/\*([^*]+)\*/g, '<em>$1</em>');

/** The little of Markdown that the document uses: paragraphs, code, emphasis. */
export function markdown(text: string): Markup {
  const paragraphs = text.trim().split(/\n{2,}/);
  return new Markup(paragraphs.map((paragraph) => `<p>${inline(paragraph)}</p>`).join(''));
}

/** One line of it, without a paragraph around. */
export const markdownLine = (text: string): Markup => new Markup(inline(text.trim()));
