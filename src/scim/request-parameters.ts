import type { IncomingHttpHeaders } from 'node:http';
import type { StableQuery } from '../http/stable-query.ts';
import type { Catalogue } from './catalogue.ts';
import { Projection, readNames } from './protocol/projection.ts';
import { readVersionTags } from './protocol/version-tag.ts';
import { qualifyNames } from './qualify-names.ts';
import { type ListRequest, readListRequest } from './resources/list-request.ts';
import { ScimExchange, type ScimServices } from './resources/scim-exchange.ts';

function valuesOf(query: StableQuery, name: string): readonly string[] {
  const value = query[name];
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
}

/** Of a parameter that came more than once, the last value. */
export function readParameter(query: StableQuery, name: string): string | null {
  return valuesOf(query, name).at(-1) ?? null;
}

function readParameterNames(query: StableQuery, name: string): readonly string[] | null {
  const values = valuesOf(query, name);
  return values.length === 0 ? null : readNames(values);
}

const EVERYTHING = new Projection(null, null);

export function readProjection(query: StableQuery, catalogue: Catalogue): Projection {
  const attributes = qualifyNames(readParameterNames(query, 'attributes'), catalogue);
  const excludedAttributes = qualifyNames(readParameterNames(query, 'excludedAttributes'), catalogue);
  const namesNothing = attributes === null && excludedAttributes === null;
  return namesNothing ? EVERYTHING : new Projection(attributes, excludedAttributes);
}

/** RFC 7644 §3.4.2. A filter that is there but empty is a broken filter, not the wish to see everybody. */
export function readQueryRequest(query: StableQuery): ListRequest {
  return readListRequest({
    filter: readParameter(query, 'filter'),
    sortBy: readParameter(query, 'sortBy'),
    sortOrder: readParameter(query, 'sortOrder'),
    startIndex: readParameter(query, 'startIndex') || null,
    count: readParameter(query, 'count') || null,
    cursor: readParameter(query, 'cursor'),
  });
}

/** What a plain request on a collection or a resource says beside its body. */
export function makeResourceExchange(
  services: ScimServices,
  request: { readonly query: StableQuery; readonly headers: IncomingHttpHeaders },
  isQuery: boolean,
): ScimExchange {
  const { query, headers } = request;
  return new ScimExchange({
    ...services,
    projection: readProjection(query, services.catalogue),
    ifMatch: readVersionTags(headers['if-match']),
    ifNoneMatch: readVersionTags(headers['if-none-match']),
    ...(isQuery ? { listRequest: readQueryRequest(query) } : {}),
  });
}
