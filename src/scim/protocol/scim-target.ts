import type { ResourceKind } from '../../operations/resource-query.ts';
import { ScimRefusal } from './scim-refusal.ts';

export type DiscoveryDocument = 'ServiceProviderConfig' | 'Schemas' | 'ResourceTypes';

/** What an address under the base of a connection stands for. RFC 7644 §3.2. */
export type ScimEndpoint =
  | { readonly kind: 'root' }
  | { readonly kind: 'collection'; readonly type: ResourceKind }
  | { readonly kind: 'resource'; readonly type: ResourceKind; readonly id: string }
  /** `type` null: at the root, across all types. */
  | { readonly kind: 'search'; readonly type: ResourceKind | null }
  | { readonly kind: 'bulk' }
  | { readonly kind: 'me' }
  | { readonly kind: 'discovery'; readonly document: DiscoveryDocument; readonly name: string | null }
  | { readonly kind: 'unknown' };

export interface ScimTarget {
  /** Null when the address does not begin with a well-formed id. */
  readonly connectionId: string | null;
  readonly endpoint: ScimEndpoint;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const UNKNOWN: ScimEndpoint = { kind: 'unknown' };

const TYPE_OF_PATH: ReadonlyMap<string, ResourceKind> = new Map([
  ['users', 'User'],
  ['groups', 'Group'],
]);
const DOCUMENT_OF_PATH: ReadonlyMap<string, DiscoveryDocument> = new Map([
  ['serviceproviderconfig', 'ServiceProviderConfig'],
  ['schemas', 'Schemas'],
  ['resourcetypes', 'ResourceTypes'],
]);
const PLAIN_ENDPOINTS: ReadonlyMap<string, ScimEndpoint> = new Map([
  ['', { kind: 'root' }],
  ['.search', { kind: 'search', type: null }],
  ['bulk', { kind: 'bulk' }],
  ['me', { kind: 'me' }],
]);

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

function readTypeEndpoint(type: ResourceKind, rest: string | undefined): ScimEndpoint {
  if (rest === undefined) return { kind: 'collection', type };
  if (rest.toLowerCase() === '.search') return { kind: 'search', type };
  const id = decode(rest);
  return id === null ? UNKNOWN : { kind: 'resource', type, id };
}

function readDiscoveryEndpoint(document: DiscoveryDocument, rest: string | undefined): ScimEndpoint {
  if (rest === undefined) return { kind: 'discovery', document, name: null };
  const name = decode(rest);
  return name === null || document === 'ServiceProviderConfig'
    ? UNKNOWN
    : { kind: 'discovery', document, name };
}

/** Empty segments count for nothing: a base address that ends with a slash makes `//Users/1`. */
const segmentsOf = (path: string): readonly string[] => path.split('/').filter((segment) => segment !== '');

/** `path` is relative to the connection's base, without a query: `/Users/1`. */
export function readEndpoint(path: string): ScimEndpoint {
  const [first = '', rest, ...more] = segmentsOf(path);
  if (more.length > 0) return UNKNOWN;
  const name = first.toLowerCase();
  const type = TYPE_OF_PATH.get(name);
  if (type !== undefined) return readTypeEndpoint(type, rest);
  const document = DOCUMENT_OF_PATH.get(name);
  if (document !== undefined) return readDiscoveryEndpoint(document, rest);
  return rest === undefined ? (PLAIN_ENDPOINTS.get(name) ?? UNKNOWN) : UNKNOWN;
}

/** `url` is relative to `/scim/v2`: `/{connectionId}/Users?…`. */
export function readTarget(url: string): ScimTarget {
  const [path = ''] = url.split('?', 1);
  const [, connectionId = '', ...rest] = path.split('/');
  return {
    connectionId: isUuid(connectionId) ? connectionId.toLowerCase() : null,
    endpoint: readEndpoint(rest.join('/')),
  };
}

/** What follows the connection in `url`, without query and empty segments: `/Users/1`. */
export function pathUnderConnection(url: string): string {
  const [path = ''] = url.split('?', 1);
  return `/${segmentsOf(path).slice(1).join('/')}`;
}

const READ = ['GET', 'HEAD'];

/** Null: every method gets the same answer. */
function methodsOf(endpoint: ScimEndpoint): readonly string[] | null {
  switch (endpoint.kind) {
    case 'root':
    case 'discovery':
      return READ;
    case 'collection':
      return [...READ, 'POST'];
    case 'resource':
      return [...READ, 'PUT', 'PATCH', 'DELETE'];
    case 'search':
    case 'bulk':
      return ['POST'];
    case 'me':
    case 'unknown':
      return null;
  }
}

export function checkMethod(endpoint: ScimEndpoint, method: string): void {
  const methods = methodsOf(endpoint);
  if (methods === null || methods.includes(method)) return;
  throw new ScimRefusal(405, `${method} is not possible here`, { headers: { Allow: methods.join(', ') } });
}
