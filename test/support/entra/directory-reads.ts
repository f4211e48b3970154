import type { Answer } from './answer.ts';
import type { DirectoryObject } from './directory-object.ts';
import { isoSeconds } from './emulator-clock.ts';
import { entityAnswer, expectGroup, expectUser, type GraphCall } from './graph-call.ts';
import { badRequest, notFound, unsupportedQuery } from './graph-error.ts';
import { countAnswer, type ListSource, listAnswer } from './list-page.ts';
import { requireAdvancedQuery } from './odata-query.ts';
import { representObject } from './represent-object.ts';

/** With `User.Read` alone only the name and the domains are shown. */
const ALL_OF_ORGANIZATION: readonly string[] = ['Organization.Read.All', 'Directory.Read.All'];

export function readOrganization(call: GraphCall): Answer {
  const { tenant, caller } = call;
  const isLimited = !ALL_OF_ORGANIZATION.some((permission) => caller.permissions.has(permission));
  const verifiedDomains = tenant.domains.map((name, index) => ({
    capabilities: 'Email, OfficeCommunicationsOnline',
    isDefault: index === 0,
    isInitial: name.endsWith('.onmicrosoft.com'),
    name,
    type: 'Managed',
  }));
  const rest = { createdDateTime: isoSeconds(0), countryLetterCode: 'NL', tenantType: 'AAD', city: null };
  const hidden = Object.fromEntries(Object.keys(rest).map((name) => [name, null]));
  const organization = { id: tenant.id, displayName: tenant.displayName, verifiedDomains };
  return entityAnswer(call, 'organization', { value: [{ ...organization, ...(isLimited ? hidden : rest) }] });
}

export function readMe(call: GraphCall): Answer {
  const user = call.tenant.users.live(call.caller.userId ?? '');
  if (!user) throw badRequest('/me is there only for a signed-in user.');
  return entityAnswer(call, 'users/$entity', representObject(user, call.query.select('user')));
}

export function readUser(call: GraphCall): Answer {
  const user = expectUser(call);
  return entityAnswer(call, 'users/$entity', representObject(user, call.query.select('user')));
}

export function readGroup(call: GraphCall): Answer {
  const group = expectGroup(call);
  return entityAnswer(call, 'groups/$entity', representObject(group, call.query.select('group')));
}

export function readManager(call: GraphCall): Answer {
  const managerId = expectUser(call).properties['managerId'];
  const manager = typeof managerId === 'string' ? call.tenant.users.live(managerId) : undefined;
  if (!manager) throw notFound('manager');
  return entityAnswer(call, 'directoryObjects/$entity', representObject(manager, call.query.select('user')));
}

function collection(call: GraphCall, type: 'user' | 'group'): ListSource {
  const table = type === 'user' ? call.tenant.users : call.tenant.groups;
  const select = call.query.select(type);
  return {
    ids: table.order,
    resolve: (id) => table.live(id),
    represent: (object) => representObject(object, select),
    context: type === 'user' ? 'users' : 'groups',
  };
}

export function listUsers(call: GraphCall): Answer {
  return listCollection(call, 'user');
}

export function listGroups(call: GraphCall): Answer {
  return listCollection(call, 'group');
}

function listCollection(call: GraphCall, type: 'user' | 'group'): Answer {
  if (call.query.get('search') !== undefined || call.query.wantsCount) {
    requireAdvancedQuery(call.query, call.headers, true);
  }
  return listAnswer(call, collection(call, type));
}

export function countUsers(call: GraphCall): Answer {
  requireAdvancedQuery(call.query, call.headers, true);
  return countAnswer(call, collection(call, 'user'));
}

export function countGroups(call: GraphCall): Answer {
  requireAdvancedQuery(call.query, call.headers, true);
  return countAnswer(call, collection(call, 'group'));
}

/** The recycle bin. The type has to be named. */
export function listDeleted(call: GraphCall, type: 'user' | 'group'): Answer {
  if (/^deletedDateTime\b/i.test(call.query.get('orderby') ?? '')) {
    requireAdvancedQuery(call.query, call.headers, false);
  }
  const table = type === 'user' ? call.tenant.users : call.tenant.groups;
  const select = call.query.select(type);
  const deleted = new Map<string, DirectoryObject>();
  for (const object of table.eachDeleted()) deleted.set(object.id, object);
  return listAnswer(call, {
    ids: [...deleted.keys()],
    resolve: (id) => deleted.get(id),
    represent: (object) => representObject(object, select),
    context: type === 'user' ? 'users' : 'groups',
  });
}

export function refuseUntypedDeleted(): never {
  throw unsupportedQuery('Deleted items are listed by type: /directory/deletedItems/microsoft.graph.user.');
}
