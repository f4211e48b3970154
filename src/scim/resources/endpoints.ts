import type { ResourceKind } from '../../operations/resource-query.ts';
import { groupEndpoint } from './group-endpoint.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import { userEndpoint } from './user-endpoint.ts';

/** In the order in which a search across types lists them. */
export const resourceEndpoints: readonly ResourceEndpoint[] = [userEndpoint, groupEndpoint];

export function endpointOf(kind: ResourceKind): ResourceEndpoint {
  return kind === 'User' ? userEndpoint : groupEndpoint;
}
