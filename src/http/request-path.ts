import type { IncomingMessage } from 'node:http';

const MAX_LOGGED_PATH = 512;

/** Express rewrites `url` while a request travels through routers; `originalUrl` is what was asked. */
function requestedUrl(request: IncomingMessage): string {
  const original: unknown = 'originalUrl' in request ? request.originalUrl : undefined;
  return typeof original === 'string' ? original : (request.url ?? '/');
}

/** Without the query: filters hold names and addresses of people. */
export function pathOf(request: IncomingMessage): string {
  const [path = '/'] = requestedUrl(request).split('?', 1);
  return path;
}

export function loggedPathOf(request: IncomingMessage): string {
  const path = pathOf(request);
  return path.length > MAX_LOGGED_PATH ? `${path.slice(0, MAX_LOGGED_PATH)}…` : path;
}

/** The text after the first question mark, undecoded. */
export function queryTextOf(request: IncomingMessage): string {
  const url = requestedUrl(request);
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}
