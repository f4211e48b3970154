import type { BenchRequest } from './load.ts';
import type { World } from './scenarios.ts';

export interface ScaleScenario extends BenchRequest {
  readonly name: string;
}

const patchOf = (operation: object): string =>
  JSON.stringify({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [operation] });

const membersOf = (ids: readonly string[]): readonly object[] => ids.map((value) => ({ value }));

function list(name: string, query: Readonly<Record<string, string>>): ScaleScenario {
  return { name, method: 'GET', path: `/Users?${new URLSearchParams({ count: '100', ...query })}` };
}

/** What reads a directory of this size: pages from its beginning to its end, filters, orders. */
export function readScenarios({ userIds, userNames, groups }: World): readonly ScaleScenario[] {
  const size = userIds.length;
  const id = userIds[size >> 1] ?? '';
  const name = userNames[size >> 1] ?? '';
  const largest = groups.at(-1)?.id ?? '';
  const groupPath = `/Groups/${largest}`;
  return [
    { name: 'get a user', method: 'GET', path: `/Users/${id}` },
    list('page of 100, first', {}),
    list('page of 100, last', { startIndex: String(size - 99) }),
    list('page of 1000', { count: '1000' }),
    list('count only', { count: '0' }),
    list('userName eq', { filter: `userName eq "${name}"` }),
    list('externalId eq', { filter: `externalId eq "seed-${id}"` }),
    list('emails[type eq].value eq', { filter: `emails[type eq "work"].value eq "${name}"` }),
    list('userName eq or externalId eq', { filter: `userName eq "${name}" or externalId eq "x"` }),
    list('userName sw (one in 100,000)', { filter: `userName sw "${name}"` }),
    list('userName co (scan)', { filter: `userName co "${name}"` }),
    list('displayName eq (scan)', { filter: 'displayName eq "nobody"' }),
    list('meta.lastModified gt (scan)', { filter: 'meta.lastModified gt "2099-01-01T00:00:00Z"' }),
    list('groups.value eq the largest', { filter: `groups.value eq "${largest}"` }),
    list('sort by userName', { sortBy: 'userName' }),
    list('sort by id', { sortBy: 'id' }),
    list('sort by displayName (scan)', { sortBy: 'displayName' }),
    {
      name: 'groups of a member',
      method: 'GET',
      path: `/Groups?${new URLSearchParams({ filter: `members[value eq "${id}"]`, excludedAttributes: 'members' })}`,
    },
    { name: 'largest group without members', method: 'GET', path: `${groupPath}?excludedAttributes=members` },
    { name: 'largest group with its members', method: 'GET', path: groupPath },
  ];
}

/** What changes it, in this order: every step finds what the one before left. */
export function writeScenarios({ userIds, groups }: World): readonly ScaleScenario[] {
  const size = userIds.length;
  const [empty, largest] = [groups[0]?.id ?? '', groups.at(-1)?.id ?? ''];
  const add = (ids: readonly string[]): string =>
    patchOf({ op: 'add', path: 'members', value: membersOf(ids) });
  const put = (ids: readonly string[]): string =>
    JSON.stringify({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: `Group of ${size}`,
      members: membersOf(ids),
    });
  const patch = (name: string, id: string, body: string): ScaleScenario => ({
    name,
    method: 'PATCH',
    path: `/Groups/${id}`,
    body,
  });
  const last = userIds.slice(-1);
  const removal = patchOf({ op: 'remove', path: 'members', value: membersOf(last) });
  return [
    patch('add 1 member to none', empty, add(last)),
    patch('remove 1 member of 1', empty, removal),
    patch('remove 1 member of the largest', largest, removal),
    patch('add 1 member to the largest', largest, add(last)),
    patch('add 1,000 members', empty, add(userIds.slice(0, 1000))),
    patch('add 10,000 members', empty, add(userIds.slice(0, 10_000))),
    {
      name: 'put a group with half its members',
      method: 'PUT',
      path: `/Groups/${largest}`,
      body: put(userIds.slice(0, size / 2)),
    },
    { name: 'put a group with all of them', method: 'PUT', path: `/Groups/${largest}`, body: put(userIds) },
    { name: 'delete a user', method: 'DELETE', path: `/Users/${userIds[0] ?? ''}` },
    { name: 'delete the largest group', method: 'DELETE', path: `/Groups/${largest}` },
  ];
}
