import type { ConnectionContext } from '../../operations/context.ts';
import type {
  ResourceFilter,
  ResourceKind,
  ResourcePage,
  ResourceQuery,
  ResourceSort,
} from '../../operations/resource-query.ts';
import type { Catalogue } from '../catalogue.ts';
import { readFilter } from '../filter/read-filter.ts';
import { readSortPath } from '../filter/read-sort-path.ts';
import { replaceLocations } from '../filter/replace-locations.ts';
import { LIMITS } from '../protocol/limits.ts';
import { ScimRefusal } from '../protocol/scim-refusal.ts';

/** A query before it is read against the schema of a resource type. RFC 7644 §3.4.2, RFC 9865 §2. */
export interface ListRequest {
  readonly filter: string | null;
  readonly sortBy: string | null;
  readonly descending: boolean;
  readonly page: ResourcePage;
  /** At the root: attributes of the other type may be named, RFC 7644 §3.4.2.1. */
  readonly isAcrossTypes?: boolean;
}

/** The parameters as they stand in a query string or in a search request. */
export interface ListParameters {
  readonly filter: string | null;
  readonly sortBy: string | null;
  readonly sortOrder: string | null;
  readonly startIndex: string | number | null;
  readonly count: string | number | null;
  readonly cursor: string | null;
}

const WHOLE_NUMBER = /^[+-]?\d{1,15}$/;
/** RFC 9865 §2: a cursor consists of unreserved characters of RFC 3986. */
const CURSOR = /^[\w.~-]{0,2048}$/;

function readWholeNumber(
  name: string,
  value: string | number | null,
  scimType: 'invalidValue' | 'invalidCount' = 'invalidValue',
): number | null {
  if (value === null) return null;
  const text = String(value).trim();
  if (!WHOLE_NUMBER.test(text)) {
    throw new ScimRefusal(400, `${name} must be a whole number`, { scimType });
  }
  return Number(text);
}

/** RFC 7644 §3.4.2.4: a negative count is 0, a startIndex below 1 is 1, the server may return fewer than asked. */
function readPage({ startIndex, count, cursor }: ListParameters): ResourcePage {
  // RFC 9865 §2.1 has a keyword of its own.
  const fault = cursor === null ? 'invalidValue' : 'invalidCount';
  const wanted = readWholeNumber('count', count, fault) ?? LIMITS.defaultPageSize;
  const bounded = Math.min(Math.max(wanted, 0), LIMITS.maxPageSize);
  const start = Math.max(readWholeNumber('startIndex', startIndex) ?? 1, 1);
  if (cursor === null) return { kind: 'index', startIndex: start, count: bounded };
  if (!CURSOR.test(cursor)) {
    throw new ScimRefusal(400, 'cursor is not one that was returned as nextCursor', {
      scimType: 'invalidCursor',
    });
  }
  return { kind: 'cursor', after: cursor === '' ? null : cursor, count: bounded };
}

export function readListRequest(parameters: ListParameters): ListRequest {
  return {
    filter: parameters.filter,
    sortBy: parameters.sortBy,
    descending: parameters.sortOrder?.trim().toLowerCase() === 'descending',
    page: readPage(parameters),
  };
}

function readSort(request: ListRequest, kind: ResourceKind, catalogue: Catalogue): ResourceSort | null {
  const path = request.sortBy === null ? null : readSortPath(request.sortBy, kind, catalogue);
  return path === null ? null : { path, descending: request.descending };
}

function readFilterOf(request: ListRequest, kind: ResourceKind, catalogue: Catalogue): ResourceFilter | null {
  if (request.filter === null) return null;
  const foreign = kind === 'User' ? 'Group' : 'User';
  return readFilter(request.filter, kind, catalogue, request.isAcrossTypes === true ? foreign : null);
}

/** What names in a query mean: the connection's schemas, and the base of its locations. */
interface QueryScope {
  readonly catalogue: Catalogue;
  readonly context: ConnectionContext;
}

export function toResourceQuery(
  request: ListRequest,
  kind: ResourceKind,
  { catalogue, context }: QueryScope,
  withReferences: boolean,
): ResourceQuery {
  const filter = readFilterOf(request, kind, catalogue);
  return {
    filter: filter === null ? null : replaceLocations(filter, kind, context.scimBaseUrl),
    sort: readSort(request, kind, catalogue),
    page: request.page,
    withReferences,
  };
}
