import type { StableQuery } from '../../http/stable-query.ts';
import type { Catalogue } from '../catalogue.ts';
import type { Answer } from '../protocol/answer.ts';
import { ScimRefusal } from '../protocol/scim-refusal.ts';
import { checkMethod, type ScimTarget } from '../protocol/scim-target.ts';
import { readParameter } from '../request-parameters.ts';
import type { ScimAuthentication } from '../scim-authentication.ts';
import { type Discovery, makeDiscovery } from './discovery.ts';

export interface AnswerDiscoveryParts {
  readonly catalogueOf: (customExtensions: string) => Catalogue;
  readonly findExtensions: ScimAuthentication['findExtensions'];
  readonly scimBaseUrlOf: (connectionId: string) => string;
}

/** Null when the target is no discovery document. No token is needed, but a connection is. RFC 7644 §4. */
export type AnswerDiscovery = (
  method: string,
  query: StableQuery,
  target: ScimTarget,
) => Promise<Answer | null>;

export function makeAnswerDiscovery(parts: AnswerDiscoveryParts): AnswerDiscovery {
  const { catalogueOf, findExtensions, scimBaseUrlOf } = parts;
  const discoveries = new WeakMap<Catalogue, Discovery>();

  function discoveryOf(catalogue: Catalogue): Discovery {
    const known = discoveries.get(catalogue) ?? makeDiscovery(catalogue);
    discoveries.set(catalogue, known);
    return known;
  }

  return async function answerDiscovery(method, query, { connectionId, endpoint }) {
    if (endpoint.kind !== 'discovery') return null;
    const extensions = connectionId === null ? null : await findExtensions(connectionId);
    if (connectionId === null || extensions === null) {
      throw new ScimRefusal(404, 'There is nothing at this address');
    }
    checkMethod(endpoint, method);
    const { document, name } = endpoint;
    const hasFilter = readParameter(query, 'filter') !== null;
    const discover = discoveryOf(catalogueOf(extensions));
    return discover({ document, name, scimBaseUrl: scimBaseUrlOf(connectionId), hasFilter });
  };
}
