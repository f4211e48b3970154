import type { ResourceKind } from '../../operations/resource-query.ts';
import type { Answer } from '../protocol/answer.ts';
import { ScimRefusal } from '../protocol/scim-refusal.ts';
import { isUuid } from '../protocol/scim-target.ts';
import type { ListRequest } from './list-request.ts';
import type { ListResult } from './list-response.ts';
import type { ScimExchange } from './scim-exchange.ts';

/**
 * What can be done with one resource type over SCIM. The same functions serve plain requests, searches across types
 * and bulk operations; they throw what is to be refused.
 */
export interface ResourceEndpoint {
  readonly kind: ResourceKind;
  readonly query: (exchange: ScimExchange, request: ListRequest) => Promise<ListResult>;
  readonly create: (exchange: ScimExchange, body: unknown) => Promise<Answer>;
  readonly read: (exchange: ScimExchange, id: string) => Promise<Answer>;
  readonly replace: (exchange: ScimExchange, id: string, body: unknown) => Promise<Answer>;
  readonly patch: (exchange: ScimExchange, id: string, body: unknown) => Promise<Answer>;
  readonly remove: (exchange: ScimExchange, id: string) => Promise<Answer>;
}

/** Our ids are UUIDs, so anything else names nothing; the store is not even asked. */
export function knownId(kind: ResourceKind, id: string): string {
  if (!isUuid(id)) throw new ScimRefusal(404, `${kind} ${id.slice(0, 100)} does not exist`);
  return id.toLowerCase();
}
