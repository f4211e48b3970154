/** How a file refers to another one. `specifier` is null when it is computed at run time. */
export type Reference = {
  readonly specifier: string | null;
  readonly line: number;
};

export type ScannedSource = {
  /** The text with comments, string contents and regular expressions blanked out; every position is kept. */
  readonly code: string;
  readonly references: readonly Reference[];
};

type Scanner = {
  readonly text: string;
  readonly out: string[];
  /** Start of each plain string literal → its content. */
  readonly strings: Map<number, string>;
  index: number;
};

/** After these words a slash begins a regular expression; after any other word it divides. */
const BEFORE_REGEX =
  /(?:^|[^.\w$])(?:return|typeof|case|in|of|do|else|void|delete|throw|new|instanceof|await|yield)$/;

function startsRegex(before: string): boolean {
  const code = before.trimEnd();
  if (code === '' || BEFORE_REGEX.test(code.slice(-16))) return true;
  // `)` and `}` may end an expression or a condition. Dividing by what follows a condition does not occur in practice,
  // and a regular expression after one is rare, so both count as the end of an expression.
  return !/[\w$)\]}'"`]$/.test(code);
}

function blank(scanner: Scanner, until: number): void {
  for (; scanner.index < until; scanner.index += 1) {
    scanner.out.push(scanner.text[scanner.index] === '\n' ? '\n' : ' ');
  }
}

function keep(scanner: Scanner): void {
  scanner.out.push(scanner.text[scanner.index] ?? '');
  scanner.index += 1;
}

function endOfQuoted(text: string, start: number): number {
  const quote = text[start];
  let index = start + 1;
  while (index < text.length && text[index] !== quote && text[index] !== '\n')
    index += text[index] === '\\' ? 2 : 1;
  return index;
}

function endOfRegex(text: string, start: number): number {
  let inClass = false;
  let index = start + 1;
  while (index < text.length && text[index] !== '\n' && (inClass || text[index] !== '/')) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === '[') inClass = true;
    else if (text[index] === ']') inClass = false;
    index += 1;
  }
  return index;
}

function endOf(text: string, marker: string, start: number): number {
  const found = text.indexOf(marker, start);
  return found < 0 ? text.length : found + (marker === '\n' ? 0 : marker.length);
}

function scanString(scanner: Scanner): void {
  const start = scanner.index;
  const end = endOfQuoted(scanner.text, start);
  scanner.strings.set(start, scanner.text.slice(start + 1, end));
  keep(scanner);
  blank(scanner, end);
  keep(scanner);
}

function scanTemplate(scanner: Scanner): void {
  const { text } = scanner;
  const start = scanner.index;
  let isPlain = true;
  keep(scanner);
  while (scanner.index < text.length && text[scanner.index] !== '`') {
    if (text.startsWith('${', scanner.index)) {
      isPlain = false;
      blank(scanner, scanner.index + 2);
      scanCode(scanner, '}');
      blank(scanner, scanner.index + 1);
    } else blank(scanner, scanner.index + (text[scanner.index] === '\\' ? 2 : 1));
  }
  if (isPlain) scanner.strings.set(start, text.slice(start + 1, scanner.index));
  keep(scanner);
}

/** Up to the closing brace of a template expression, or to the end of the text. */
function scanCode(scanner: Scanner, until?: '}'): void {
  const { text } = scanner;
  let depth = 0;
  while (scanner.index < text.length) {
    const character = text[scanner.index];
    if (until !== undefined && character === until && depth === 0) return;
    if (character === '{') depth += 1;
    if (character === '}') depth -= 1;

    if (text.startsWith('//', scanner.index)) blank(scanner, endOf(text, '\n', scanner.index));
    else if (text.startsWith('/*', scanner.index)) blank(scanner, endOf(text, '*/', scanner.index + 2));
    else if (character === '"' || character === "'") scanString(scanner);
    else if (character === '`') scanTemplate(scanner);
    else if (character === '/' && startsRegex(scanner.out.slice(-200).join(''))) {
      keep(scanner);
      blank(scanner, endOfRegex(text, scanner.index - 1));
      keep(scanner);
    } else keep(scanner);
  }
}

/** `import … from '…'`, `export … from '…'`, type-only ones, `import '…'`, `import('…')` as value or type. */
const REFERENCES = [
  /(?<![.\w$])(?:import|export)(?=[\s{*])[\w$*{},\s'"]*?(?<![\w$])from\s*(?=['"])/g,
  /(?<![.\w$])import\s*(?=['"])/g,
  /(?<![.\w$])import\s*\(\s*/g,
];

export function scanSource(text: string): ScannedSource {
  const scanner: Scanner = { text, out: [], strings: new Map(), index: 0 };
  scanCode(scanner);
  const code = scanner.out.join('');
  const references = REFERENCES.flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => ({
      specifier: scanner.strings.get(match.index + match[0].length) ?? null,
      line: code.slice(0, match.index).split('\n').length,
    })),
  );
  return { code, references: references.sort((a, b) => a.line - b.line) };
}
