import type { RequestHandler } from 'express';
import * as OpenApiValidator from 'express-openapi-validator';
import type { FieldFault } from '../operations/operation-error.ts';
import { methods, type OpenApiDocument, type PathItem } from './openapi-document.ts';
import type { Problem } from './problem.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
// PostgreSQL reads offsets up to 15:59, and no place on earth has a larger one than 14:00.
const dateTime = /^[1-9]\d{3}-\d\d-\d\dt\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:z|[+-](?:0\d|1[0-5]):\d\d)$/i;

export const isUuid = (text: string): boolean => uuid.test(text);

const endOfYears = Date.UTC(10_000, 0);

/** RFC 3339, and a moment that exists: `Date.parse` alone rolls the 30th of February over into March. */
function isDateTime(text: string): boolean {
  const moment = dateTime.test(text) ? Date.parse(text) : Number.NaN;
  // An offset may lead into a year that RFC 3339 cannot write.
  if (Number.isNaN(moment) || moment >= endOfYears) return false;
  const day = Number(text.slice(8, 10));
  return day <= new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
}

/**
 * What requests are validated by, as a copy that the validator may change. Answers are described for readers, and so are paths
 * outside the base path: the validator would compile all of it, which took most of the server's start.
 */
function requestsOf(document: OpenApiDocument): OpenApiDocument {
  const underBasePath = Object.entries(document.paths).filter(([, item]) => item.servers === undefined);
  const paths = Object.fromEntries(underBasePath.map(([path, item]) => [path, withoutAnswers(item)]));
  const { parameters, schemas } = document.components;
  const used = new Set<string>();
  noteSchemas({ paths, parameters }, schemas, used);
  const known = Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)));
  const components = { parameters, schemas: known, responses: {} };
  return structuredClone({ ...document, paths, components });
}

function withoutAnswers(item: PathItem): PathItem {
  const result: Record<string, unknown> = { ...item };
  for (const method of methods) {
    const operation = item[method];
    if (operation !== undefined) result[method] = { ...operation, responses: {} };
  }
  return result;
}

/** The names of all schemas that the part of the document refers to, also by way of others. */
function noteSchemas(
  part: unknown,
  schemas: OpenApiDocument['components']['schemas'],
  used: Set<string>,
): void {
  for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    if (used.has(name)) continue;
    used.add(name);
    noteSchemas(schemas[name], schemas, used);
  }
}

/**
 * Validates requests against the document. The validator keeps a compiled schema per content type that it has seen, so
 * the header is reduced to a closed set before. It knows no HEAD; a HEAD request is validated as the GET it stands for.
 */
export function makeRequestValidator(document: OpenApiDocument): readonly RequestHandler[] {
  const validators = OpenApiValidator.middleware({
    // The project's type of the document is narrower than the validator's, which names every field of the format.
    apiSpec: requestsOf(document) as unknown as Parameters<typeof OpenApiValidator.middleware>[0]['apiSpec'],
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

/** What the patterns of the document ask for. */
export const formOfPattern: Readonly<Record<string, string>> = {
  '\\S': 'must not be blank',
  '^\\S+$': 'must not contain white space',
  '^[^\\s@]+@[^\\s@]+$': 'must be an email address',
  '^[^\\s@]+$': 'must be a domain name',
  '^[^\\s/@]+$': 'must be a domain name or a GUID',
  '^[A-Za-z][A-Za-z0-9_-]*$': 'must be a letter, and then letters, digits, _ and - only',
  "^[uU][rR][nN]:[A-Za-z0-9][A-Za-z0-9-]{0,31}:[A-Za-z0-9()+,.:=@;$_!*'-]{0,160}[A-Za-z0-9]$":
    'must be a URN, such as urn:ietf:params:scim:schemas:extension:acme:2.0:User',
};

const formOfFormat: Readonly<Record<string, string>> = {
  uuid: 'must be a UUID',
  'date-time': 'must be a date and time of RFC 3339, such as 2027-01-31T12:00:00Z',
};

/** Words for what the validator says by keyword, from what it says itself. */
const wordings: Readonly<Record<string, (message: string) => string>> = {
  additionalProperties: () => 'is not a known field',
  required: () => 'is required',
  format: (message) => formOfFormat[quotedIn(message)] ?? message,
  pattern: (message) => formOfPattern[quotedIn(message)] ?? message,
  type: (message) => message.replace(',null', ' or null'),
  // Null among the allowed values is written as nothing at all.
  enum: (message) => message.replace(/, $/, ', null'),
};

const quotedIn = (message: string): string => /"(.*)"$/.exec(message)?.[1] ?? '';

function wordsOfQuery(message: string): string {
  if (message.startsWith('Unknown query parameter')) return 'is not a known parameter';
  return message.startsWith('Empty value found') ? 'must not be empty' : message;
}

function readFault({ path, message, errorCode }: ValidationItem): FieldFault {
  const keyword = String(errorCode ?? '').split('.', 1)[0] ?? '';
  const detail = (wordings[keyword] ?? wordsOfQuery)(String(message ?? 'is not valid'));
  return { pointer: pointerOf(String(path ?? '')), detail };
}

const unsupportedMediaType =
  'Content-Type must be application/json here; application/merge-patch+json is for PATCH only.';

/** What the validator threw, as a problem; null when it is something else. */
export function readValidationError(error: unknown): Problem | null {
  if (!isValidationError(error) || error.status < 400 || error.status > 499) return null;
  if (error.status === 415) return { status: 415, detail: unsupportedMediaType };
  const errors = error.errors.slice(0, MAX_FAULTS).map(readFault);
  const [first] = errors;
  const detail =
    first === undefined
      ? 'The request is not valid.'
      : `The request is not valid: ${first.pointer === '' ? 'the body' : first.pointer} ${first.detail}.`;
  return error.status === 400 ? { status: 400, detail, errors } : { status: error.status, detail };
}
