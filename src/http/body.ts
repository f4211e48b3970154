import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { findUnsafeKey, isDeeperThan } from './json-guard.ts';
import { parseInSteps } from './large-json.ts';

export type BodyErrorKind = 'unsupported-media-type' | 'malformed' | 'too-large' | 'too-deep';

/** Why a body was not accepted. Each API renders it in its own error format. */
export class BodyError extends Error {
  readonly kind: BodyErrorKind;

  constructor(kind: BodyErrorKind, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'BodyError';
    this.kind = kind;
  }
}

export type BodyOptions = {
  /** Media types in lower case, without parameters. */
  readonly accepts: readonly string[];
  readonly maxBytes: number;
  readonly maxDepth?: number;
};

const LARGE = 256 * 1024;
const STEP = 128 * 1024;

/** How much of a refused body is read and thrown away, so that the client gets to read the answer. */
const DISCARD_LIMIT = 32 * 1024 * 1024;

function hasBody(request: IncomingMessage): boolean {
  if (request.headers['transfer-encoding'] !== undefined) return true;
  return Number(request.headers['content-length'] ?? 0) > 0;
}

/** RFC 8259 §8.1: JSON between systems is UTF-8, whatever a charset parameter says, so parameters are ignored. */
function checkMediaType(request: IncomingMessage, accepts: readonly string[]): void {
  const [mediaType = ''] = (request.headers['content-type'] ?? '').split(';', 1);
  if (!accepts.includes(mediaType.trim().toLowerCase())) {
    throw new BodyError('unsupported-media-type', `Content-Type must be ${accepts.join(' or ')}`);
  }
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') {
    throw new BodyError(
      'unsupported-media-type',
      'Content-Encoding is not supported; send the body uncompressed',
    );
  }
}

function tooLarge(maxBytes: number): BodyError {
  return new BodyError('too-large', `The body is larger than ${maxBytes} bytes`);
}

function discard(request: IncomingMessage): void {
  let discarded = 0;
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > DISCARD_LIMIT) request.destroy();
  });
  // The refusal is already on its way; a client that hangs up now has nothing to be told.
  request.on('error', () => undefined);
}

function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;

    const settle = (error: BodyError | undefined) => {
      request.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
      if (error) reject(error);
      else resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, length));
    };
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) chunks.push(chunk);
      else {
        settle(tooLarge(maxBytes));
        discard(request);
      }
    };
    const onEnd = () => settle(undefined);
    const onError = (cause: Error) => settle(new BodyError('malformed', 'The body ended early', { cause }));
    const onClose = () => settle(new BodyError('malformed', 'The body ended early'));

    request.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
  });
}

const BYTE_ORDER_MARK = /^\uFEFF/;

const notUtf8 = (): BodyError => new BodyError('malformed', 'The body is not valid UTF-8');

function parseText(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(BYTE_ORDER_MARK, ''));
  } catch {
    // No cause: the parser quotes the text, which may hold a secret.
    throw new BodyError('malformed', 'The body is not valid JSON');
  }
  const unsafe = findUnsafeKey(text, value);
  if (unsafe !== undefined) throw new BodyError('malformed', `"${unsafe}" is not allowed as a member name`);
  return value;
}

const tooDeep = (maxDepth: number): BodyError =>
  new BodyError('too-deep', `The body is nested deeper than ${maxDepth} levels`);

async function parseJson(bytes: Buffer, maxDepth: number): Promise<unknown> {
  if (bytes.length >= LARGE) return parseLarge(bytes, maxDepth);
  if (isDeeperThan(bytes, maxDepth)) throw tooDeep(maxDepth);
  if (!isUtf8(bytes)) throw notUtf8();
  return parseText(bytes.toString('utf8'));
}

/** A body of many megabytes must not keep all other requests waiting. */
async function parseLarge(bytes: Buffer, maxDepth: number): Promise<unknown> {
  await setImmediate();
  if (!isUtf8(bytes)) throw notUtf8();
  const read = await parseInSteps(bytes, { parse: parseText, stepBytes: STEP, maxDepth });
  if (read.kind === 'too-deep') throw tooDeep(maxDepth);
  await setImmediate();
  return read.value;
}

/** The JSON body, or `undefined` when the request has none. Slow senders are ended by the server's timeouts. */
export async function readJsonBody(request: IncomingMessage, options: BodyOptions): Promise<unknown> {
  if (!hasBody(request)) return undefined;
  try {
    checkMediaType(request, options.accepts);
    if (Number(request.headers['content-length'] ?? 0) > options.maxBytes) throw tooLarge(options.maxBytes);
  } catch (error) {
    discard(request);
    throw error;
  }
  // Authentication took its time and the client may have left meanwhile; then no event would ever come.
  if (request.destroyed) throw new BodyError('malformed', 'The body ended early');
  const bytes = await readBytes(request, options.maxBytes);
  return bytes.length === 0 ? undefined : parseJson(bytes, options.maxDepth ?? 32);
}

/**
 * Puts the JSON body on `request.body`, or passes a `BodyError` on. To be mounted after authentication: nobody
 * unknown gets a body parsed.
 */
export function jsonBody(options: BodyOptions) {
  return function parseBody(
    request: IncomingMessage & { body?: unknown },
    _response: ServerResponse,
    next: (error?: unknown) => void,
  ): void {
    readJsonBody(request, options).then((body) => {
      request.body = body;
      next();
    }, next);
  };
}
