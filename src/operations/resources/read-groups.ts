import type { DirectoryGroup } from '../../directory/directory-group.ts';
import type { UnitOfWork } from '../ports.ts';
import { groupNotFound } from './change-group.ts';
import type { ScimOperations } from './scim-operations.ts';

export function makeReadGroup(unitOfWork: UnitOfWork): ScimOperations['readGroup'] {
  return (context, id, withMembers) =>
    // Members may be many, and then they are no look-up.
    (withMembers ? unitOfWork.read : unitOfWork.lookUp)(context, async (stores) => {
      const group = await stores.groups.get(context.connectionId, id);
      if (group === null) throw groupNotFound(id);
      if (!withMembers) return { group, members: null };
      return { group, members: (await stores.memberships.membersOf([id])).get(id) ?? [] };
    });
}

/** A page of large groups with all their members would fill the memory. */
const membersPerPage = 100_000;

export function makeListGroups(unitOfWork: UnitOfWork): ScimOperations['listGroups'] {
  return (context, query) =>
    unitOfWork.read(context, async (stores) => {
      const wanted = await stores.groups.list(context.connectionId, query);
      if (!query.withReferences) {
        return { ...wanted, items: wanted.items.map((group) => ({ group, members: null })) };
      }
      const fitting = countFitting(wanted.items);
      // A shorter page is allowed and says where the next one begins (RFC 7644 §3.4.2.4).
      const shorter = { ...query, page: { ...query.page, count: fitting } };
      const page =
        fitting === wanted.items.length ? wanted : await stores.groups.list(context.connectionId, shorter);
      const ids = page.items.map((group) => group.id);
      const members = ids.length === 0 ? null : await stores.memberships.membersOf(ids);
      return {
        ...page,
        items: page.items.map((group) => ({ group, members: members?.get(group.id) ?? [] })),
      };
    });
}

/** How many of the groups can be answered with their members; always the first one. */
function countFitting(groups: readonly DirectoryGroup[]): number {
  let members = 0;
  const tooMany = groups.findIndex((group, index) => {
    members += group.memberCount;
    return index > 0 && members > membersPerPage;
  });
  return tooMany < 0 ? groups.length : tooMany;
}
