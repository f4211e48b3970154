import type { Answer } from './answer.ts';
import { answerDelta } from './delta-query.ts';
import {
  countGroups,
  countUsers,
  listDeleted,
  listGroups,
  listUsers,
  readGroup,
  readManager,
  readMe,
  readOrganization,
  readUser,
  refuseUntypedDeleted,
} from './directory-reads.ts';
import type { GraphCall } from './graph-call.ts';
import { GraphError } from './graph-error.ts';
import { checkMemberGroups, getByIds, getMemberGroups, readRelation } from './membership-reads.ts';
import type { Access } from './permissions.ts';
import {
  createSubscription,
  deleteSubscription,
  listSubscriptions,
  readSubscription,
  reauthorizeSubscription,
  updateSubscription,
} from './subscription-requests.ts';

export interface Route {
  readonly method: string;
  /** Segments; `{id}` is any one, a last `{tail}` any number. */
  readonly path: string;
  readonly access: Access;
  /** Resource units before what the query adds and takes away. */
  readonly cost: number;
  readonly answer: (call: GraphCall) => Answer | Promise<Answer>;
}

const members = (isTransitive: boolean) => (call: GraphCall) =>
  readRelation(call, { isTransitive, towards: 'members' });
const groups = (isTransitive: boolean) => (call: GraphCall) =>
  readRelation(call, { isTransitive, towards: 'groups' });
const usersDelta = (call: GraphCall) => answerDelta(call, 'users');
const groupsDelta = (call: GraphCall) => answerDelta(call, 'groups');

/** The more exact path comes first. */
const ROUTES: readonly Route[] = [
  { method: 'GET', path: 'organization', access: 'organization', cost: 1, answer: readOrganization },
  { method: 'GET', path: 'me', access: 'me', cost: 1, answer: readMe },
  { method: 'GET', path: 'users/delta', access: 'usersDelta', cost: 1, answer: usersDelta },
  { method: 'GET', path: 'users/delta()', access: 'usersDelta', cost: 1, answer: usersDelta },
  { method: 'GET', path: 'users/microsoft.graph.delta', access: 'usersDelta', cost: 1, answer: usersDelta },
  { method: 'GET', path: 'users/microsoft.graph.delta()', access: 'usersDelta', cost: 1, answer: usersDelta },
  { method: 'GET', path: 'users/$count', access: 'users', cost: 2, answer: countUsers },
  { method: 'GET', path: 'users', access: 'users', cost: 2, answer: listUsers },
  { method: 'GET', path: 'users/{id}', access: 'users', cost: 2, answer: readUser },
  { method: 'GET', path: 'users/{id}/manager', access: 'users', cost: 1, answer: readManager },
  {
    method: 'GET',
    path: 'users/{id}/memberOf/{tail}',
    access: 'memberships',
    cost: 2,
    answer: groups(false),
  },
  {
    method: 'GET',
    path: 'users/{id}/transitiveMemberOf/{tail}',
    access: 'memberships',
    cost: 2,
    answer: groups(true),
  },
  {
    method: 'POST',
    path: 'users/{id}/checkMemberGroups',
    access: 'memberCheck',
    cost: 4,
    answer: checkMemberGroups,
  },
  {
    method: 'POST',
    path: 'users/{id}/getMemberGroups',
    access: 'memberCheck',
    cost: 2,
    answer: getMemberGroups,
  },
  { method: 'GET', path: 'groups/delta', access: 'groups', cost: 1, answer: groupsDelta },
  { method: 'GET', path: 'groups/delta()', access: 'groups', cost: 1, answer: groupsDelta },
  { method: 'GET', path: 'groups/microsoft.graph.delta', access: 'groups', cost: 1, answer: groupsDelta },
  { method: 'GET', path: 'groups/microsoft.graph.delta()', access: 'groups', cost: 1, answer: groupsDelta },
  { method: 'GET', path: 'groups/$count', access: 'groups', cost: 1, answer: countGroups },
  { method: 'GET', path: 'groups', access: 'groups', cost: 1, answer: listGroups },
  { method: 'GET', path: 'groups/{id}', access: 'groups', cost: 1, answer: readGroup },
  { method: 'GET', path: 'groups/{id}/members/{tail}', access: 'members', cost: 3, answer: members(false) },
  {
    method: 'GET',
    path: 'groups/{id}/transitiveMembers/{tail}',
    access: 'members',
    cost: 5,
    answer: members(true),
  },
  {
    method: 'GET',
    path: 'groups/{id}/memberOf/{tail}',
    access: 'memberships',
    cost: 2,
    answer: groups(false),
  },
  {
    method: 'GET',
    path: 'groups/{id}/transitiveMemberOf/{tail}',
    access: 'memberships',
    cost: 2,
    answer: groups(true),
  },
  {
    method: 'POST',
    path: 'directoryObjects/getByIds',
    access: 'directoryObjects',
    cost: 5,
    answer: getByIds,
  },
  {
    method: 'GET',
    path: 'directory/deletedItems/microsoft.graph.user',
    access: 'deletedUsers',
    cost: 1,
    answer: (call) => listDeleted(call, 'user'),
  },
  {
    method: 'GET',
    path: 'directory/deletedItems/microsoft.graph.group',
    access: 'deletedGroups',
    cost: 1,
    answer: (call) => listDeleted(call, 'group'),
  },
  { method: 'GET', path: 'directory/deletedItems', access: 'none', cost: 1, answer: refuseUntypedDeleted },
  { method: 'POST', path: 'subscriptions', access: 'none', cost: 1, answer: createSubscription },
  { method: 'GET', path: 'subscriptions', access: 'none', cost: 1, answer: listSubscriptions },
  { method: 'GET', path: 'subscriptions/{id}', access: 'none', cost: 1, answer: readSubscription },
  { method: 'PATCH', path: 'subscriptions/{id}', access: 'none', cost: 1, answer: updateSubscription },
  { method: 'DELETE', path: 'subscriptions/{id}', access: 'none', cost: 1, answer: deleteSubscription },
  {
    method: 'POST',
    path: 'subscriptions/{id}/reauthorize',
    access: 'none',
    cost: 1,
    answer: reauthorizeSubscription,
  },
];

interface Pattern {
  readonly route: Route;
  readonly segments: readonly string[];
}

const PATTERNS: readonly Pattern[] = ROUTES.map((route) => ({ route, segments: route.path.split('/') }));

export interface MatchedRoute {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

export function findRoute(method: string, path: string): MatchedRoute {
  const segments = path.split('/').filter(Boolean).map(decodeURIComponent);
  let isKnownPath = false;
  for (const pattern of PATTERNS) {
    const parameters = match(pattern.segments, segments);
    if (!parameters) continue;
    isKnownPath = true;
    if (pattern.route.method === method) return { route: pattern.route, parameters };
  }
  if (isKnownPath)
    throw new GraphError(405, 'Request_BadRequest', `${method} is not allowed for this resource.`);
  throw new GraphError(400, 'BadRequest', `There is no resource for the segment '${segments[0] ?? ''}'.`);
}

function match(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const hasTail = pattern.at(-1) === '{tail}';
  const fixed = hasTail ? pattern.length - 1 : pattern.length;
  if (hasTail ? segments.length < fixed : segments.length !== fixed) return undefined;
  const parameters: Record<string, string> = {};
  for (let index = 0; index < fixed; index += 1) {
    const [expected = '', actual = ''] = [pattern[index], segments[index]];
    if (expected === '{id}') parameters['id'] = actual;
    // Graph does not mind the case of a path.
    else if (expected.toLowerCase() !== actual.toLowerCase()) return undefined;
  }
  if (hasTail) parameters['tail'] = segments.slice(fixed).join('/');
  return parameters;
}
