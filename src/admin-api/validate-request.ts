import type { RequestHandler } from 'express';
import * as OpenApiValidator from 'express-openapi-validator';
import type { FieldFault } from '../operations/operation-error.ts';
import type { OpenApiDocument } from './openapi-document.ts';
import type { Problem } from './problem.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const dateTime = /^[12]\d{3}-\d\d-\d\dt\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:z|[+-]\d\d:\d\d)$/i;

export const isUuid = (text: string): boolean => uuid.test(text);

/** RFC 3339, and a moment that exists: `Date.parse` alone rolls the 30th of February over into March. */
function isDateTime(text: string): boolean {
  if (!dateTime.test(text) || Number.isNaN(Date.parse(text))) return false;
  const day = Number(text.slice(8, 10));
  return day <= new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
}

/** Paths outside the base path are described for readers; nothing is validated there. */
function underBasePath(document: OpenApiDocument): OpenApiDocument {
  const paths = Object.entries(document.paths).filter(([, item]) => item.servers === undefined);
  return { ...structuredClone(document), paths: structuredClone(Object.fromEntries(paths)) };
}

/**
 * Validates requests against the document. The validator keeps a compiled schema per content type that it has seen, so
 * the header is reduced to a closed set before. It knows no HEAD; a HEAD request is validated as the GET it stands for.
 */
export function makeRequestValidator(document: OpenApiDocument): readonly RequestHandler[] {
  const validators = OpenApiValidator.middleware({
    // The project's type of the document is narrower than the validator's, which names every field of the format.
    apiSpec: underBasePath(document) as unknown as Parameters<
      typeof OpenApiValidator.middleware
    >[0]['apiSpec'],
    // The tests do this; it takes a good part of a second.
    validateApiSpec: false,
    validateRequests: { allErrors: true, coerceTypes: false },
    validateResponses: false,
    // Authentication has happened before.
    validateSecurity: false,
    fileUploader: false,
    ajvFormats: { mode: 'full' },
    formats: {
      uuid: { type: 'string', validate: isUuid },
      'date-time': { type: 'string', validate: isDateTime },
    },
  });

  const prepare: RequestHandler = (request, response, next) => {
    if (request.body === undefined) delete request.headers['content-type'];
    else {
      const [mediaType = ''] = (request.headers['content-type'] ?? '').split(';', 1);
      request.headers['content-type'] = mediaType.trim().toLowerCase();
    }
    response.locals.isHead = request.method === 'HEAD';
    if (request.method === 'HEAD') request.method = 'GET';
    next();
  };
  const restore: RequestHandler = (request, response, next) => {
    if (response.locals.isHead === true) request.method = 'HEAD';
    next();
  };
  return [prepare, ...(validators as RequestHandler[]), restore];
}

interface ValidationItem {
  readonly path?: unknown;
  readonly message?: unknown;
  readonly errorCode?: unknown;
}

const isValidationError = (error: unknown): error is { status: number; errors: readonly ValidationItem[] } =>
  error instanceof Error &&
  'status' in error &&
  typeof error.status === 'number' &&
  'errors' in error &&
  Array.isArray(error.errors);

const MAX_FAULTS = 50;

/** `/body/name` → `/name`, `/query/limit` → `/limit`. */
const pointerOf = (path: string): string =>
  path.replace(/^\/(?:body|query|headers|params|cookies)(?=\/|$)/, '');

function readFault({ path, message, errorCode }: ValidationItem): FieldFault {
  const pointer = pointerOf(String(path ?? ''));
  const keyword = String(errorCode ?? '').split('.', 1)[0];
  if (keyword === 'additionalProperties') return { pointer, detail: 'is not a known field' };
  if (keyword === 'required') return { pointer, detail: 'is required' };
  if (keyword === 'format')
    return { pointer, detail: String(message).replace('must match format', 'must be a') };
  if (keyword === 'pattern') return { pointer, detail: 'does not have the right form' };
  return { pointer, detail: String(message ?? 'is not valid') };
}

/** What the validator threw, as a problem; null when it is something else. */
export function readValidationError(error: unknown): Problem | null {
  if (!isValidationError(error) || error.status < 400 || error.status > 499) return null;
  const errors = error.errors.slice(0, MAX_FAULTS).map(readFault);
  const [first] = errors;
  const detail =
    first === undefined
      ? 'The request is not valid.'
      : `The request is not valid: ${first.pointer === '' ? 'the body' : first.pointer} ${first.detail}.`;
  return error.status === 400 ? { status: 400, detail, errors } : { status: error.status, detail };
}
