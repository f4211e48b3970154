import type { OpenApiDocument } from '../openapi-document.ts';
import { html, type Markup, markdown, markdownLine } from './html.ts';
import { type Listed, listOperations, renderOperation } from './operations.ts';

const anchorOf = (tag: string): string => `tag-${tag.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;

const isOf =
  (tag: string) =>
  ({ operation }: Listed): boolean =>
    operation.tags.includes(tag);

function renderContents(document: OpenApiDocument, operations: readonly Listed[]): Markup {
  const groups = document.tags.map(
    ({ name }) =>
      html`<section><a class="group" href="#${anchorOf(name)}">${name}</a><ul>${operations
        .filter(isOf(name))
        .map(
          ({ method, operation }) =>
            html`<li data-for="${operation.operationId}"><a href="#${operation.operationId}"><span class="method ${method}">${method.toUpperCase()}</span>${operation.summary}</a></li>`,
        )}</ul></section>`,
  );
  return html`<nav aria-label="Contents"><a class="title" href="#top">${document.info.title}</a>
<input type="search" id="find" placeholder="Find an operation" aria-label="Find an operation" hidden>
${groups}</nav>`;
}

function renderGroups(
  document: OpenApiDocument,
  operations: readonly Listed[],
  baseUrl: string,
): readonly Markup[] {
  return document.tags.map(
    ({
      name,
      description,
    }) => html`<section class="group" id="${anchorOf(name)}"><h2>${name}</h2><p>${markdownLine(description)}</p>
${operations.filter(isOf(name)).map((listed) => renderOperation(listed, document, baseUrl))}</section>`,
  );
}

/** The whole document as one page that works without any other server and without inline scripts or styles. */
export function renderReference(document: OpenApiDocument, baseUrl: string): string {
  const { title, version, description } = document.info;
  const operations = listOperations(document);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="docs/style.css">
<script src="docs/script.js" defer></script>
</head>
<body id="top">
${renderContents(document, operations)}
<main>
<header><h1>${title}</h1><p class="meta">Version ${version} · base URL <code>${baseUrl}${document.servers[0]?.url ?? ''}</code> · <a href="openapi.json">openapi.json</a></p></header>
<section class="intro">${markdown(description)}</section>
${renderGroups(document, operations, baseUrl)}
</main>
</body>
</html>
`;
  return page.text;
}
