import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { Answer } from './answer.ts';
import type { AnswerObject } from './answer-value.ts';
import { holdsLongList, jsonParts } from './json-parts.ts';

/** Exactly this, without a charset parameter: some clients compare the whole value. */
const SCIM_MEDIA_TYPE = 'application/scim+json';
const WRITE_LENGTH = 64 * 1024;

function setHeaders(response: ServerResponse, answer: Answer): void {
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  if (answer.location !== null) response.setHeader('Location', answer.location);
  if (answer.version !== null) response.setHeader('ETag', answer.version);
  if (answer.body === null) response.removeHeader('Content-Type');
  else response.setHeader('Content-Type', SCIM_MEDIA_TYPE);
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
  setHeaders(response, answer);
  const { body } = answer;
  if (body === null) {
    response.end();
  } else if (typeof body === 'object' && holdsLongList(body)) {
    if (request.method === 'HEAD') response.end();
    else await sendInParts(response, body);
  } else {
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    response.setHeader('Content-Length', bytes.length);
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }
}
