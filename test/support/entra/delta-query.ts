import type { Answer } from './answer.ts';
import { type DeltaReader, readDeltaPage } from './delta-round.ts';
import {
  DELTA_LIFETIME,
  type DeltaCollection,
  type DeltaPlace,
  type DeltaToken,
  type DeltaTracking,
  readDeltaToken,
  writeDeltaToken,
} from './delta-token.ts';
import { entityAnswer, type GraphCall } from './graph-call.ts';
import { badRequest, GraphError, unsupportedQuery } from './graph-error.ts';
import { isHiddenMembership } from './membership-reads.ts';
import { readIdFilter } from './odata-filter.ts';
import type { ODataQuery } from './odata-query.ts';
import type { OpaqueTokens } from './opaque-token.ts';
import { readsHiddenMembers } from './permissions.ts';

const REFUSED_OPTIONS = ['top', 'orderby', 'expand', 'search', 'count', 'skip'];
const MAX_FILTERED_IDS = 50;

/** One request of a round: what there is, or what changed since the last one. */
export function answerDelta(call: GraphCall, collection: DeltaCollection): Answer {
  const refused = REFUSED_OPTIONS.find((name) => call.query.get(name) !== undefined);
  if (refused !== undefined) throw unsupportedQuery(`$${refused} is not supported by delta queries.`);
  const start = readStart(call, collection);
  if (start === 'latest') return answerLatest(call, collection);
  const token =
    start === undefined ? beginRound(call, readTracking(call, collection)) : closeEnd(call, start);
  const page = readDeltaPage(readerOf(call, token), token);
  const link =
    page.next === null
      ? { '@odata.deltaLink': linkTo(call, 'deltatoken', nextRound(call, token)) }
      : {
          '@odata.nextLink': linkTo(call, 'skiptoken', {
            ...token,
            ...page.next,
            issuedAt: call.world.clock.now(),
          }),
        };
  return entityAnswer(call, contextOf(token), { ...link, value: page.rows });
}

/** "From now on": a link and nothing else. */
function answerLatest(call: GraphCall, collection: DeltaCollection): Answer {
  const tracking = readTracking(call, collection);
  const token = changesFrom(call, tracking, visibleEnd(call));
  return entityAnswer(call, contextOf(tracking), {
    '@odata.deltaLink': linkTo(call, 'deltatoken', token),
    value: [],
  });
}

function contextOf({ collection, select }: DeltaTracking): string {
  return select === null ? collection : `${collection}(${select.join(',')})`;
}

/** The token of the request; undefined for a new round. */
function readStart(call: GraphCall, collection: DeltaCollection): DeltaToken | 'latest' | undefined {
  const { query, world, tenant } = call;
  const text = query.get('skiptoken') ?? query.get('deltatoken');
  // An empty token is what the Location of a 410 carries: everything from the beginning.
  if (text === undefined || text === '') return undefined;
  if (text === 'latest' && query.get('deltatoken') === text) return 'latest';
  refuseOptionsBesideToken(query);
  const token = readDeltaToken(world.tokens, text);
  if (token?.collection !== collection || token.tenantId !== tenant.id) {
    throw new GraphError(400, 'syncStateNotFound', 'The sync state generation was not found.');
  }
  if (world.clock.now() >= token.issuedAt + DELTA_LIFETIME) throw resyncRequired(call, token);
  return token;
}

/** The token knows what was selected; nobody may edit the link. */
function refuseOptionsBesideToken(query: ODataQuery): void {
  const extra = query.names.filter((name) => name !== 'skiptoken' && name !== 'deltatoken');
  if (extra.length > 0) throw badRequest(`$${extra[0]} is part of the token already.`);
}

/** 410 with the address of a full read. */
function resyncRequired(call: Pick<GraphCall, 'root'>, tracking: DeltaTracking): GraphError {
  const select = tracking.select === null ? '' : `$select=${tracking.select.join(',')}&`;
  const filter =
    tracking.ids === null
      ? ''
      : `$filter=${encodeURIComponent(tracking.ids.map((id) => `id eq '${id}'`).join(' or '))}&`;
  const location = `${call.root}/${tracking.collection}/delta?${select}${filter}$deltatoken=`;
  return new GraphError(410, 'resyncRequired', 'The token is too old; read everything again.', { location });
}

/** The same for any request, whatever became of its token. */
export function resyncFor(tokens: OpaqueTokens, root: string, path: string, query: ODataQuery): GraphError {
  const collection = path.startsWith('groups') ? 'groups' : 'users';
  const text = query.get('skiptoken') ?? query.get('deltatoken') ?? '';
  const unknown = { tenantId: '', collection, select: null, ids: null } as const;
  return resyncRequired({ root }, readDeltaToken(tokens, text) ?? unknown);
}

function readTracking(call: GraphCall, collection: DeltaCollection): DeltaTracking {
  const extra = collection === 'groups' ? ['members'] : [];
  const select = call.query.select(collection === 'users' ? 'user' : 'group', extra);
  const filter = call.query.get('filter');
  const ids = filter === undefined ? null : readIdFilter(filter);
  if (ids !== null && ids.length > MAX_FILTERED_IDS) {
    throw unsupportedQuery(`At most ${MAX_FILTERED_IDS} objects are followed by one filter.`);
  }
  return { tenantId: call.tenant.id, collection, select: select ?? null, ids };
}

/** The end of the log as a replica sees it. */
function visibleEnd({ tenant, world }: GraphCall): number {
  const { deltaLagMs } = tenant.settings;
  return deltaLagMs === 0 ? tenant.log.latest : tenant.log.latestAt(world.clock.now() - deltaLagMs);
}

function beginRound(call: GraphCall, tracking: DeltaTracking): DeltaToken {
  const table = tracking.collection === 'users' ? call.tenant.users : call.tenant.groups;
  const place: DeltaPlace = {
    phase: 'enumerate',
    from: visibleEnd(call),
    to: table.order.length,
    row: 0,
    slot: 0,
    page: 0,
  };
  return { ...tracking, ...place, issuedAt: call.world.clock.now() };
}

/** A stored delta link: the end of the round is found when it is used. */
const OPEN_END = -1;

function closeEnd(call: GraphCall, token: DeltaToken): DeltaToken {
  if (token.to !== OPEN_END) return token;
  const from = Math.max(0, token.from - call.tenant.settings.replayChanges);
  return { ...token, from, to: Math.max(token.from, visibleEnd(call)) };
}

function nextRound(call: GraphCall, token: DeltaToken): DeltaToken {
  return changesFrom(call, token, token.phase === 'enumerate' ? token.from : token.to);
}

function changesFrom(call: GraphCall, tracking: DeltaTracking, from: number): DeltaToken {
  const { tenantId, collection, select, ids } = tracking;
  const place: DeltaPlace = { phase: 'changes', from, to: OPEN_END, row: 0, slot: 0, page: 0 };
  return { tenantId, collection, select, ids, ...place, issuedAt: call.world.clock.now() };
}

function readerOf(call: GraphCall, tracking: DeltaTracking): DeltaReader {
  const { tenant, caller, headers, world } = call;
  return {
    tenant,
    tracking: {
      tenantId: tracking.tenantId,
      collection: tracking.collection,
      select: tracking.select,
      ids: tracking.ids,
    },
    showsMembers: (groupId) => readsHiddenMembers(caller) || !isHiddenMembership(tenant.groups.get(groupId)),
    isMinimal: /\breturn=minimal\b/i.test(headers['prefer'] ?? ''),
    gathered: world.gathered,
  };
}

function linkTo({ root, world }: GraphCall, kind: 'skiptoken' | 'deltatoken', token: DeltaToken): string {
  return `${root}/${token.collection}/delta?$${kind}=${writeDeltaToken(world.tokens, token)}`;
}
