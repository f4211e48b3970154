import { ScimRefusal } from '../protocol/scim-refusal.ts';
import { resourceEndpoints } from '../resources/endpoints.ts';
import type { ListRequest } from '../resources/list-request.ts';
import type { ListResult } from '../resources/list-response.ts';
import type { ResourceEndpoint } from '../resources/resource-endpoint.ts';
import type { ScimExchange } from '../resources/scim-exchange.ts';

async function queryByIndex(
  endpoints: readonly ResourceEndpoint[],
  exchange: ScimExchange,
  request: ListRequest,
  page: { readonly startIndex: number; readonly count: number },
): Promise<ListResult> {
  const resources: ListResult['resources'][number][] = [];
  let total = 0;
  for (const endpoint of endpoints) {
    const found = await endpoint.query(exchange, {
      ...request,
      page: {
        kind: 'index',
        startIndex: Math.max(page.startIndex - total, 1),
        count: page.count - resources.length,
      },
    });
    resources.push(...found.resources);
    total += found.total;
  }
  return { total, resources, nextCursor: null };
}

interface TypeCursor {
  readonly endpoint: ResourceEndpoint;
  readonly after: string | null;
}

/** Our cursors name the type they stand in, `User.…`; the rest is the cursor of that type's own list. */
function readTypeCursor(after: string, endpoints: readonly ResourceEndpoint[]): TypeCursor {
  const dot = after.indexOf('.');
  const endpoint = endpoints.find(({ kind }) => kind === after.slice(0, Math.max(dot, 0)));
  if (endpoint === undefined) {
    throw new ScimRefusal(400, 'cursor is not one that was returned as nextCursor', {
      scimType: 'invalidCursor',
    });
  }
  return { endpoint, after: after.slice(dot + 1) || null };
}

async function totalOf(
  endpoint: ResourceEndpoint,
  exchange: ScimExchange,
  request: ListRequest,
): Promise<number> {
  const page = { kind: 'index', startIndex: 1, count: 0 } as const;
  return (await endpoint.query(exchange, { ...request, page })).total;
}

async function queryByCursor(
  endpoints: readonly ResourceEndpoint[],
  exchange: ScimExchange,
  request: ListRequest,
  page: { readonly after: string | null; readonly count: number },
): Promise<ListResult> {
  const start = page.after === null ? null : readTypeCursor(page.after, endpoints);
  const resources: ListResult['resources'][number][] = [];
  let total = 0;
  let nextCursor: string | null = null;
  let reached = start === null;

  for (const endpoint of endpoints) {
    const isStart = endpoint === start?.endpoint;
    reached ||= isStart;
    const room = page.count - resources.length;
    if (!reached || nextCursor !== null || room === 0) {
      const further = await totalOf(endpoint, exchange, request);
      total += further;
      if (reached && nextCursor === null && further > 0 && page.count > 0) nextCursor = `${endpoint.kind}.`;
      continue;
    }
    const after = isStart ? start.after : null;
    const found = await endpoint.query(exchange, {
      ...request,
      page: { kind: 'cursor', after, count: room },
    });
    resources.push(...found.resources);
    total += found.total;
    if (found.nextCursor !== null) nextCursor = `${endpoint.kind}.${found.nextCursor}`;
  }
  return { total, resources, nextCursor };
}

/** A query at the root of the connection, paged across all resource types. RFC 7644 §3.4.2.1. */
export async function queryAllTypes(exchange: ScimExchange, typed: ListRequest): Promise<ListResult> {
  const { page } = typed;
  const request = { ...typed, isAcrossTypes: true };
  return page.kind === 'index'
    ? queryByIndex(resourceEndpoints, exchange, request, page)
    : queryByCursor(resourceEndpoints, exchange, request, page);
}
