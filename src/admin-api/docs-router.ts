import { createHash } from 'node:crypto';
import { type RequestHandler, Router } from 'express';
import type { OpenApiDocument } from './openapi-document.ts';
import { notFound, sendProblem } from './problem.ts';
import { renderReference } from './reference/render-reference.ts';
import { script, style } from './reference/style.ts';

type Write = () => string;

/** Makes the text when it is first asked for: most starts of the server never show it. */
function once(write: Write): Write {
  let text: string | null = null;
  return () => {
    text ??= write();
    return text;
  };
}

/** Narrower than the server's own policy, and without its upgrade to https, which a plain http installation cannot serve. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `no-cache` lets a browser keep the page and ask whether it is still the same. */
function serve(type: string, write: Write): RequestHandler {
  const text = once(write);
  const tag = once(() => `"${createHash('sha256').update(text()).digest('base64url').slice(0, 22)}"`);
  return (_request, response) => {
    response.set({ 'Cache-Control': 'no-cache', 'Content-Security-Policy': policy, ETag: tag() });
    response.type(type).send(text());
  };
}

/** The document with the address that clients reach this server by. */
function describe(document: OpenApiDocument, publicUrl: string): string {
  const servers = document.servers.map((server) => ({ ...server, url: publicUrl + server.url }));
  return JSON.stringify({ ...document, servers });
}

/** `/openapi.json` and `/docs`: the description of the administration API for programs and for people, who may come by `/`. */
export function makeDocsRouter(document: OpenApiDocument, publicUrl: string): Router {
  const pages: readonly (readonly [path: string, show: RequestHandler])[] = [
    ['/openapi.json', serve('application/json', () => describe(document, publicUrl))],
    ['/docs', serve('text/html', () => renderReference(document, publicUrl))],
    ['/docs/style.css', serve('text/css', () => style)],
    ['/docs/script.js', serve('text/javascript', () => script)],
  ];
  const router = Router({ strict: true });
  // The page names its style and script relative to `/docs`, so that it works behind a proxy that adds a prefix.
  router.get('/docs/', (_request, response) => response.redirect(308, '../docs'));
  // Whoever opens the address of the server in a browser.
  router.get('/', (_request, response) => response.redirect(302, 'docs'));
  for (const [path, show] of pages) {
    router
      .route(path)
      .get(show)
      .all((request, response) => {
        const detail = `${request.method} is not possible here; GET is.`;
        sendProblem(response, { status: 405, detail, headers: { Allow: 'GET, HEAD' } });
      });
  }
  return router;
}

/** For every address that nothing else answers. */
export const answerUnknownPath: RequestHandler = (_request, response) => {
  const detail = `${notFound.detail} The administration API is under /api/v1, its reference at /docs, SCIM under /scim/v2/{connectionId}.`;
  sendProblem(response, { ...notFound, detail });
};
