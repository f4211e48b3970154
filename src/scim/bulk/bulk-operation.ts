import type { Answer } from '../protocol/answer.ts';
import { invalidSyntax } from '../protocol/scim-message.ts';
import { ScimRefusal } from '../protocol/scim-refusal.ts';
import { readEndpoint } from '../protocol/scim-target.ts';
import { endpointOf } from '../resources/endpoints.ts';
import { locationOf } from '../resources/represent-common.ts';
import type { ResourceEndpoint } from '../resources/resource-endpoint.ts';
import type { ScimExchange } from '../resources/scim-exchange.ts';

/** What a bulk operation points at: a collection to create in, or one resource. */
export interface BulkTarget {
  readonly endpoint: ResourceEndpoint;
  readonly id: string | null;
}

export function readBulkTarget(method: string, path: string): BulkTarget {
  const [plain = ''] = path.split('?', 1);
  const target = readEndpoint(plain);
  if (target.kind === 'collection' && method === 'POST')
    return { endpoint: endpointOf(target.type), id: null };
  if (target.kind === 'resource' && method !== 'POST')
    return { endpoint: endpointOf(target.type), id: target.id };
  if (target.kind === 'unknown') throw new ScimRefusal(404, 'path leads to no resource of this connection');
  throw invalidSyntax('path must be a resource type for POST and one resource for PUT, PATCH and DELETE');
}

/** Null for a collection: what is created there has no address yet. */
export function locationOfTarget({ endpoint, id }: BulkTarget, scimBaseUrl: string): string | null {
  if (id === null) return null;
  return locationOf(scimBaseUrl, endpoint.kind === 'User' ? 'Users' : 'Groups', encodeURIComponent(id));
}

/** The same functions that serve a plain request with that method. */
export function applyBulkOperation(
  { endpoint, id }: BulkTarget,
  exchange: ScimExchange,
  method: string,
  data: unknown,
): Promise<Answer> {
  if (id === null) return endpoint.create(exchange, data);
  switch (method) {
    case 'PUT':
      return endpoint.replace(exchange, id, data);
    case 'PATCH':
      return endpoint.patch(exchange, id, data);
    default:
      return endpoint.remove(exchange, id);
  }
}
