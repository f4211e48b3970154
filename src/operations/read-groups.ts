import { groupNotFound } from './change-group.ts';
import type { UnitOfWork } from './ports.ts';
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

export function makeListGroups(unitOfWork: UnitOfWork): ScimOperations['listGroups'] {
  return (context, query) =>
    unitOfWork.read(context, async (stores) => {
      const page = await stores.groups.list(context.connectionId, query);
      const ids = page.items.map((group) => group.id);
      const members = query.withReferences && ids.length > 0 ? await stores.memberships.membersOf(ids) : null;
      const items = page.items.map((group) => ({ group, members: members && (members.get(group.id) ?? []) }));
      return { ...page, items };
    });
}
