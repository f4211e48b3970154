import assert from 'node:assert/strict';
import { readOpenApiDocument } from '../../src/admin-api/openapi-document.ts';
import { type JsonSchema, validate } from './json-schema.ts';

// biome-ignore lint/suspicious/noExplicitAny: the document is read member by member, and what is missing fails the test
type Json = any;

const document: Json = readOpenApiDocument();

const templates = Object.keys(document.paths)
  .filter((path) => document.paths[path].servers === undefined)
  .map((path) => ({ path, pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}/?$`, 'i') }))
  .sort((one, other) => one.path.split('{').length - other.path.split('{').length);

function resolve(reference: string): JsonSchema {
  const found = reference
    .replace('#/', '')
    .split('/')
    .reduce((node: Json, name) => node?.[name], document);
  assert.ok(found, `${reference} is not in openapi/admin.yaml`);
  return found;
}

const dereferenced = (node: Json): Json => (node?.$ref === undefined ? node : resolve(node.$ref));

function operationAt(method: string, path: string): Json {
  const [plain = ''] = path.split('?', 1);
  const template = templates.find(({ pattern }) => pattern.test(plain));
  return template === undefined ? undefined : document.paths[template.path][method.toLowerCase()];
}

export interface Answered {
  readonly method: string;
  /** Below the base path, with or without a query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

function assertProblem({ method, path, status, headers, body }: Answered): void {
  const faults = validate(document.components.schemas.Problem, body, '', resolve);
  assert.deepEqual(faults, [], `${method} ${path} answered a problem that is not as documented`);
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
  assert.equal((body as { status: unknown }).status, status);
  if (status === 401) assert.match(headers.get('www-authenticate') ?? '', /^Bearer/);
  if (status === 405) assert.ok(headers.get('allow'), 'a 405 names the methods that are allowed');
}

function assertSuccess({ method, path, status, headers, body }: Answered): void {
  const operation = operationAt(method === 'HEAD' ? 'GET' : method, path);
  assert.ok(operation, `${method} ${path} is not in openapi/admin.yaml, but answered ${status}`);
  const response = dereferenced(operation.responses[String(status)]);
  assert.ok(response, `${method} ${path} answered ${status}, which is not documented`);
  for (const name of Object.keys(response.headers ?? {})) {
    assert.ok(headers.get(name), `${method} ${path} answered without ${name}`);
  }
  const media = response.content?.['application/json'];
  if (media === undefined || method === 'HEAD') {
    assert.equal(body, null, `${method} ${path} answered a body`);
    return;
  }
  assert.match(headers.get('content-type') ?? '', /^application\/json/);
  const faults = validate(media.schema, body, '', resolve);
  assert.deepEqual(faults, [], `${method} ${path} answered what is not as documented`);
}

/** Fails unless openapi/admin.yaml describes the answer: status, header fields and every member of the body. */
export function assertDocumented(answered: Answered): void {
  const { method, path, status, headers } = answered;
  assert.ok(headers.get('x-request-id'), `${method} ${path} answered without X-Request-Id`);
  // Neither an answer to HEAD nor 304 has a body to look at.
  if (status === 304 || (method === 'HEAD' && status >= 400)) return;
  if (status >= 400) assertProblem(answered);
  else assertSuccess(answered);
}
