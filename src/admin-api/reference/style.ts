/** The look of the reference. Follows the reader's choice of light or dark. */
export const style = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1d2430, #dfe5ee); --faint: light-dark(#5c6778, #93a0b4);
  --page: light-dark(#ffffff, #12161d); --side: light-dark(#f5f7fa, #171c25);
  --line: light-dark(#dfe4ec, #2a3240); --code: light-dark(#f2f4f8, #1b212c); --link: light-dark(#1257b8, #7db2ff);
  --get: light-dark(#15694a, #6fd3a4); --post: light-dark(#1257b8, #7db2ff); --put: light-dark(#8a5a00, #f0c063);
  --patch: light-dark(#8a5a00, #f0c063); --delete: light-dark(#b02a2a, #ff9090);
}
* { box-sizing: border-box }
html { scroll-behavior: smooth; scroll-padding-top: 1rem }
body { margin: 0; display: grid; grid-template-columns: 19rem minmax(0, 1fr); background: var(--page); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
a { color: var(--link); text-decoration: none } a:hover { text-decoration: underline }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.25rem 1rem 3rem; background: var(--side);
  border-right: 1px solid var(--line); font-size: .875rem }
nav .title { display: block; margin-bottom: .75rem; font-size: 1rem; font-weight: 650; color: var(--text) }
nav input { width: 100%; margin-bottom: .75rem; padding: .45rem .6rem; border: 1px solid var(--line); border-radius: 6px;
  background: var(--page); color: inherit; font: inherit }
nav .group { display: block; margin-top: .9rem; color: var(--faint); font-weight: 600 }
nav ul { list-style: none; margin: .25rem 0 0; padding: 0 }
nav li a { display: flex; gap: .5rem; align-items: baseline; padding: .18rem .35rem; border-radius: 5px; color: var(--text) }
nav li a:hover { background: var(--code); text-decoration: none }
nav .method { flex: 0 0 3.1rem; font-size: .68rem }
main { max-width: 62rem; padding: 2.5rem 3rem 6rem }
h1 { margin: 0; font-size: 2rem; line-height: 1.2 } h2 { margin: 3.5rem 0 .25rem; font-size: 1.45rem }
h3 { margin: 0 0 .4rem; font-size: 1.12rem } h4 { margin: 1.25rem 0 .4rem; font-size: .8rem; color: var(--faint);
  text-transform: uppercase; letter-spacing: .05em }
.meta { color: var(--faint) }
article { margin-top: 1.5rem; padding: 1.35rem 1.5rem; border: 1px solid var(--line); border-radius: 10px }
article:target { border-color: var(--link) }
.address { margin: 0 0 .75rem; overflow-wrap: anywhere }
.method { font: 700 .75rem ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
.get { color: var(--get) } .post { color: var(--post) } .put { color: var(--put) } .patch { color: var(--patch) } .delete { color: var(--delete) }
code, pre { font: .85em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
code { padding: .1em .3em; border-radius: 4px; background: var(--code) }
pre { margin: .5rem 0; padding: .8rem 1rem; border-radius: 8px; background: var(--code); overflow-x: auto }
pre code { padding: 0; background: none }
.scroll { overflow-x: auto }
table { width: 100%; border-collapse: collapse; font-size: .875rem }
th, td { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
th { color: var(--faint); font-weight: 600 } td:first-child { white-space: nowrap }
.required { color: var(--delete); font-size: .72rem; font-weight: 600 }
.answers { list-style: none; margin: 0; padding: 0 } .answers li { padding: .25rem 0 }
.status { display: inline-block; min-width: 3.2rem; font: 700 .8rem ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
.s2 { color: var(--get) } .s4 { color: var(--put) } .s5 { color: var(--delete) }
summary { cursor: pointer }
[hidden] { display: none !important }
@media (max-width: 60rem) {
  body { display: block } nav { position: static; height: auto; max-height: 45vh; border-right: 0; border-bottom: 1px solid var(--line) }
  main { padding: 1.5rem 1.1rem 4rem } article { padding: 1rem }
}
@media print { nav { display: none } body { display: block } article { break-inside: avoid } }
`;

/** Narrows contents and page to what the reader types; without it everything is there to read. */
export const script = `
'use strict';
const find = document.getElementById('find');
const articles = [...document.querySelectorAll('article')];
const entries = new Map([...document.querySelectorAll('nav li')].map((entry) => [entry.dataset.for, entry]));
const groups = [...document.querySelectorAll('nav section, main section.group')];
function narrow() {
  const words = find.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const article of articles) {
    const isFound = words.every((word) => article.dataset.find.includes(word));
    article.hidden = !isFound;
    entries.get(article.id).hidden = !isFound;
  }
  for (const group of groups) group.hidden = !group.querySelector('article:not([hidden]), li:not([hidden])');
}
find.hidden = false;
find.addEventListener('input', narrow);
`;
