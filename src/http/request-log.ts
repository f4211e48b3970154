import type { IncomingMessage, ServerResponse } from 'node:http';
import querystring from 'node:querystring';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { requestIdOf } from './request-id.ts';
import { loggedPathOf, pathOf, queryTextOf } from './request-path.ts';
import { tagsOf } from './request-tags.ts';
import { routeClassOf } from './route-class.ts';

const MAX_QUERY_NAMES = 20;
const ENCODED = /[%+]/;
const PROBES = new Set(['/healthz', '/readyz', '/metrics']);

/** Names only: `filter=userName eq "jane@example.com"` is about a person, `filter` is not. Decoded where they need it. */
function queryNames(request: IncomingMessage): { readonly query?: readonly string[] } {
  const text = queryTextOf(request);
  if (text === '') return {};
  const names = new Set<string>();
  for (const part of text.split('&', MAX_QUERY_NAMES)) {
    const end = part.indexOf('=');
    const name = end < 0 ? part : part.slice(0, end);
    if (name !== '')
      names.add((ENCODED.test(name) ? querystring.unescape(name.replaceAll('+', ' ')) : name).slice(0, 40));
  }
  return { query: [...names] };
}

function levelOf(path: string, status: number): 'debug' | 'info' | 'warn' {
  if (status >= 500) return 'warn';
  return PROBES.has(path) ? 'debug' : 'info';
}

/** One line and one observation per request, whether it was answered or given up by the client. */
export function makeRequestLog(logger: Logger, metrics?: Metrics) {
  return function logRequest(request: IncomingMessage, response: ServerResponse, next: () => void): void {
    const start = process.hrtime.bigint();
    const path = pathOf(request);
    const shownPath = loggedPathOf(request);

    response.once('close', () => {
      const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
      const method = request.method ?? '';
      const status = response.statusCode;
      logger[levelOf(path, status)](
        {
          method,
          path: shownPath,
          ...queryNames(request),
          status,
          ms: Math.round(milliseconds * 10) / 10,
          requestId: requestIdOf(request),
          ...tagsOf(request),
          ...(response.writableFinished ? {} : { abandoned: true }),
        },
        'request',
      );
      metrics?.observeRequest({
        routeClass: routeClassOf(path),
        method,
        status,
        seconds: milliseconds / 1000,
      });
    });
    next();
  };
}
