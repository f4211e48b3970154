import { createHash } from 'node:crypto';
import { html, Markup } from './reference/html.ts';

export interface SignInPage {
  readonly status: number;
  readonly title: string;
  readonly paragraphs: readonly string[];
  /** Where another sign-in starts; null where that would not help. */
  readonly retryUrl: string | null;
}

const style = `
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #1d2430; background: #f4f6f9; }
main { max-width: 36rem; margin: 12vh auto; padding: 2rem; background: #fff; border-radius: 8px; box-shadow: 0 1px 4px #0003; }
h1 { margin: 0 0 1rem; font-size: 1.4rem; }
a { display: inline-block; margin-top: .5rem; padding: .5rem 1rem; border-radius: 4px; color: #fff; background: #1a56b0; }
@media (prefers-color-scheme: dark) { body { color: #e6e9ef; background: #14181f; } main { background: #1e242e; } }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** No scripts, no other server, no frames. */
export const signInPagePolicy =
  `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; ` +
  "frame-ancestors 'none'";

/** A page of plain sentences; everything that is put in is escaped. */
export function renderSignInPage({ title, paragraphs, retryUrl }: SignInPage): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${paragraphs.map((text) => html`<p>${text}</p>`)}
${retryUrl === null ? null : html`<a href="${retryUrl}" rel="noreferrer">Sign in again</a>`}
</main>
</body>
</html>
`;
  return page.text;
}
