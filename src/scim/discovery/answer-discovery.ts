import type { StableQuery } from '../../http/stable-query.ts';
import type { Catalogue } from '../catalogue.ts';
import type { Answer } from '../protocol/answer.ts';
import { ScimRefusal } from '../protocol/scim-refusal.ts';
import { checkMethod, type ScimTarget } from '../protocol/scim-target.ts';
import { readParameter } from '../request-parameters.ts';
import type { ScimAuthentication } from '../scim-authentication.ts';
import { makeDiscovery } from './discovery.ts';

export interface AnswerDiscoveryParts {
  readonly catalogue: Catalogue;
  readonly connectionExists: ScimAuthentication['connectionExists'];
  readonly scimBaseUrlOf: (connectionId: string) => string;
}

/** Null when the target is no discovery document. No token is needed, but a connection is. RFC 7644 §4. */
export type AnswerDiscovery = (
  method: string,
  query: StableQuery,
  target: ScimTarget,
) => Promise<Answer | null>;

export function makeAnswerDiscovery(parts: AnswerDiscoveryParts): AnswerDiscovery {
  const { catalogue, connectionExists, scimBaseUrlOf } = parts;
  const discover = makeDiscovery(catalogue);

  return async function answerDiscovery(method, query, { connectionId, endpoint }) {
    if (endpoint.kind !== 'discovery') return null;
    if (connectionId === null || !(await connectionExists(connectionId))) {
      throw new ScimRefusal(404, 'There is nothing at this address');
    }
    checkMethod(endpoint, method);
    const { document, name } = endpoint;
    const hasFilter = readParameter(query, 'filter') !== null;
    return discover({ document, name, scimBaseUrl: scimBaseUrlOf(connectionId), hasFilter });
  };
}
