import type { StableQuery } from '../http/stable-query.ts';
import { answerBulk } from './bulk/bulk.ts';
import type { BulkServices } from './bulk/bulk-executor.ts';
import type { Answer } from './protocol/answer.ts';
import { ScimRefusal } from './protocol/scim-refusal.ts';
import type { ScimEndpoint } from './protocol/scim-target.ts';
import { readProjection, readQueryRequest } from './request-parameters.ts';
import { endpointOf } from './resources/endpoints.ts';
import { answerList } from './resources/list-response.ts';
import { ScimExchange } from './resources/scim-exchange.ts';
import { queryAllTypes } from './search/query-all-types.ts';
import { readSearch, type Search } from './search/read-search.ts';

export interface OwnEndpointCall {
  readonly endpoint: ScimEndpoint;
  readonly services: BulkServices;
  readonly query: StableQuery;
  readonly body: unknown;
}

async function answerSearch(
  type: 'User' | 'Group' | null,
  services: BulkServices,
  { request, projection }: Search,
): Promise<Answer> {
  const exchange = new ScimExchange({ ...services, projection });
  const found = type === null ? queryAllTypes(exchange, request) : endpointOf(type).query(exchange, request);
  return answerList(request.page, await found);
}

/** Everything that is not for a resource type to answer; null for what is left to them. */
export async function answerOwnEndpoint(call: OwnEndpointCall): Promise<Answer | null> {
  const { endpoint, services, query, body } = call;
  switch (endpoint.kind) {
    case 'root':
      return answerSearch(null, services, {
        request: readQueryRequest(query),
        projection: readProjection(query, services.catalogue),
      });
    case 'search':
      return answerSearch(endpoint.type, services, readSearch(body, services.catalogue));
    case 'bulk':
      return answerBulk(services, body);
    case 'me':
      // RFC 7644 §3.11: a token of a connection stands for a directory, not for a user.
      throw new ScimRefusal(501, '/Me is not available: the token belongs to a connection, not to a user');
    case 'unknown':
      throw new ScimRefusal(404, 'There is nothing at this address');
    case 'discovery':
    case 'collection':
    case 'resource':
      return null;
  }
}
