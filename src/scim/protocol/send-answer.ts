import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { requestIdOf } from '../../http/request-id.ts';
import type { Answer } from './answer.ts';
import type { AnswerObject } from './answer-value.ts';
import { holdsLongList, jsonOf, jsonParts } from './json-parts.ts';

/** Exactly this, without a charset parameter: some clients compare the whole value. */
const SCIM_MEDIA_TYPE = 'application/scim+json';
const WRITE_LENGTH = 64 * 1024;
const LONG_TEXT = 16 * 1024;

/** What helmet says of the other addresses, as far as it means anything for answers that no page shows. */
const SECURITY_HEADERS = [
  ['X-Content-Type-Options', 'nosniff'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
  ['Referrer-Policy', 'no-referrer'],
  ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'],
].flat();

/** All headers in one list, as `writeHead` takes it at the least cost. */
function headersOf(request: IncomingMessage, answer: Answer): string[] {
  const headers = ['X-Request-Id', requestIdOf(request), ...SECURITY_HEADERS];
  for (const [name, value] of Object.entries(answer.headers)) headers.push(name, value);
  if (answer.location !== null) {
    headers.push('Location', answer.location);
    // RFC 7643 §3.1: `meta.location` is the Content-Location; a 304 repeats it (RFC 9110 §15.4.5).
    if (answer.body !== null || answer.status === 304) headers.push('Content-Location', answer.location);
  }
  if (answer.version !== null) headers.push('ETag', answer.version);
  if (answer.body !== null) headers.push('Content-Type', SCIM_MEDIA_TYPE);
  return headers;
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      response.off('drain', settle).off('close', settle);
      resolve();
    };
    response.on('drain', settle).on('close', settle);
  });
}

/** Lets other requests run between two writes, and waits for a client that reads slowly. */
async function write(response: ServerResponse, text: string): Promise<void> {
  if (!response.write(text) && !response.destroyed) await drained(response);
  // A socket that takes everything at once drains without the event loop having turned.
  await setImmediate();
}

async function sendInParts(response: ServerResponse, body: AnswerObject): Promise<void> {
  let waiting = '';
  for (const part of jsonParts(body)) {
    if (response.destroyed) return;
    waiting += part;
    if (waiting.length < WRITE_LENGTH) continue;
    await write(response, waiting);
    waiting = '';
  }
  response.end(waiting);
}

/** The only place where an answer is written. */
export async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
): Promise<void> {
  const headers = headersOf(request, answer);
  const { status, body } = answer;
  if (body === null) {
    response.writeHead(status, headers).end();
  } else if (typeof body === 'object' && holdsLongList(body)) {
    response.writeHead(status, headers);
    if (request.method === 'HEAD') response.end();
    else await sendInParts(response, body);
  } else {
    const text = typeof body === 'string' ? body : jsonOf(body);
    // A short text goes out in one piece with the head; for a long one Node takes three times its length.
    const sent = text.length < LONG_TEXT ? text : Buffer.from(text);
    headers.push('Content-Length', String(Buffer.byteLength(sent)));
    response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : sent);
  }
}
