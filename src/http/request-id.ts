import type { IncomingMessage, ServerResponse } from 'node:http';
import { uuidV7 } from '../uuid-v7.ts';

const ACCEPTED = /^[A-Za-z0-9._-]{8,128}$/;
const ids = new WeakMap<IncomingMessage, string>();

/** The id that log lines and provisioning events quote for this request. */
export function requestIdOf(request: IncomingMessage): string {
  const known = ids.get(request);
  if (known !== undefined) return known;
  const sent = request.headers['x-request-id'];
  const id = typeof sent === 'string' && ACCEPTED.test(sent) ? sent : uuidV7();
  ids.set(request, id);
  return id;
}

/** First in every pipeline: answers carry `X-Request-Id`, the caller's own one when it is harmless to quote. */
export function assignRequestId(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  response.setHeader('X-Request-Id', requestIdOf(request));
  next();
}
