import type { Answer } from './answer.ts';
import type { DirectoryObject, ObjectType } from './directory-object.ts';
import { entityAnswer, expectGroup, expectUser, type GraphCall, readIds, readObject } from './graph-call.ts';
import { badRequest, GraphError } from './graph-error.ts';
import { countAnswer, listAnswer } from './list-page.ts';
import {
  currentView,
  indexedView,
  type MembershipView,
  transitiveGroups,
  transitiveMembers,
} from './membership-view.ts';
import { requireAdvancedQuery } from './odata-query.ts';
import { isAllowed, readsHiddenMembers } from './permissions.ts';
import { representLimited, representTyped } from './represent-object.ts';

/** `members`, `transitiveMembers`, `memberOf`, `transitiveMemberOf`. */
export interface Relation {
  readonly isTransitive: boolean;
  readonly towards: 'members' | 'groups';
}

/** Groups with hidden membership are as if empty for those who may not see it. */
function visibleView(call: Pick<GraphCall, 'tenant' | 'caller'>, view: MembershipView): MembershipView {
  if (readsHiddenMembers(call.caller)) return view;
  const isHidden = (id: string) => isHiddenMembership(call.tenant.groups.get(id));
  return {
    membersOf: (groupId) => (isHidden(groupId) ? [] : view.membersOf(groupId)),
    *groupsOf(memberId) {
      for (const id of view.groupsOf(memberId)) if (!isHidden(id)) yield id;
    },
  };
}

export function isHiddenMembership(group: DirectoryObject | undefined): boolean {
  return group?.properties['visibility'] === 'HiddenMembership';
}

const CASTS: Readonly<Record<string, ObjectType>> = {
  'microsoft.graph.user': 'user',
  'microsoft.graph.group': 'group',
};

/** Lists or counts a relation; casts and counts are answered by the index. */
export function readRelation(call: GraphCall, relation: Relation): Answer {
  const { cast, isCount } = readTail(call.parameters['tail']);
  const isAdvanced = cast !== undefined || isCount || call.query.get('search') !== undefined;
  if (isAdvanced) requireAdvancedQuery(call.query, call.headers, isCount);
  const start = call.path.startsWith('users/') ? expectUser(call).id : expectGroup(call).id;
  const now = call.world.clock.now();
  const view = visibleView(call, isAdvanced ? indexedView(call.tenant, now) : currentView(call.tenant));
  const ids = idsOf(view, relation, start).filter(
    (id) => cast === undefined || call.tenant.typeOf(id) === cast,
  );
  const resolve = (id: string) => call.tenant.users.live(id) ?? call.tenant.groups.live(id);
  if (isCount) return countAnswer(call, { ids, resolve });
  return listAnswer(call, { ids, resolve, represent: representer(call, cast), context: 'directoryObjects' });
}

function readTail(tail: string | undefined): { cast: ObjectType | undefined; isCount: boolean } {
  const parts = (tail ?? '').split('/').filter(Boolean);
  const isCount = parts.at(-1) === '$count';
  const [name, ...rest] = isCount ? parts.slice(0, -1) : parts;
  const cast = name === undefined ? undefined : CASTS[name];
  if (rest.length > 0 || (name !== undefined && cast === undefined)) {
    throw new GraphError(400, 'BadRequest', `There is no resource for the segment '${rest[0] ?? name}'.`);
  }
  return { cast, isCount };
}

function idsOf(view: MembershipView, { isTransitive, towards }: Relation, start: string): readonly string[] {
  if (towards === 'members') {
    return [...(isTransitive ? transitiveMembers(view, start) : view.membersOf(start))];
  }
  return [...(isTransitive ? transitiveGroups(view, start) : view.groupsOf(start))];
}

function representer(call: GraphCall, cast: ObjectType | undefined): (object: DirectoryObject) => object {
  const select =
    call.query.get('select') === undefined
      ? undefined
      : call.query.select(cast ?? 'user', ['securityEnabled']);
  const canRead = { user: isAllowed(call.caller, 'users'), group: isAllowed(call.caller, 'groups') };
  return (object) => (canRead[object.type] ? representTyped : representLimited)(object, select);
}

const MAX_CHECKED_GROUPS = 20;

/** Which of the given groups the user is in, directly or through nesting. */
export function checkMemberGroups(call: GraphCall): Answer {
  const groupIds = readIds(readObject(call.body)['groupIds'], 'groupIds');
  if (groupIds.length > MAX_CHECKED_GROUPS) {
    throw badRequest(`At most ${MAX_CHECKED_GROUPS} groups are checked at once.`);
  }
  const groups = transitiveGroups(visibleView(call, currentView(call.tenant)), expectUser(call).id);
  return entityAnswer(call, 'Collection(Edm.String)', { value: groupIds.filter((id) => groups.has(id)) });
}

/** All groups of the user; more than can be told at once is an error. */
export function getMemberGroups(call: GraphCall): Answer {
  const { securityEnabledOnly } = readObject(call.body);
  if (typeof securityEnabledOnly !== 'boolean')
    throw badRequest("'securityEnabledOnly' has to be a boolean.");
  const { groups, settings } = call.tenant;
  const reached = transitiveGroups(visibleView(call, currentView(call.tenant)), expectUser(call).id);
  const value = [...reached].filter(
    (id) => !securityEnabledOnly || groups.get(id)?.properties['securityEnabled'] === true,
  );
  if (value.length > settings.memberGroupsLimit) {
    throw new GraphError(
      400,
      'Directory_ResultSizeLimitExceeded',
      'The result is too large to be returned at once.',
    );
  }
  return entityAnswer(call, 'Collection(Edm.String)', { value });
}

const MAX_IDS = 1000;

export function getByIds(call: GraphCall): Answer {
  const body = readObject(call.body);
  const ids = readIds(body['ids'], 'ids');
  const types = body['types'] === undefined ? ['user', 'group'] : readIds(body['types'], 'types');
  if (ids.length > MAX_IDS) throw badRequest(`At most ${MAX_IDS} objects are read at once.`);
  for (const name of ['top', 'filter', 'expand']) {
    if (call.query.get(name) !== undefined) throw badRequest(`$${name} is not supported here.`);
  }
  const select = call.query.get('select') === undefined ? undefined : call.query.select('user');
  const value = ids
    .map((id) => call.tenant.users.live(id) ?? call.tenant.groups.live(id))
    .filter((object) => object !== undefined)
    .filter(({ type }) => types.includes(type))
    .map((object) => representTyped(object, select));
  return entityAnswer(call, 'directoryObjects', { value });
}
