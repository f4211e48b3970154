import type { UserContent } from '../directory/directory-user.ts';
import type { UndecidedChangeStore } from '../operations/reconcile/undecided-change-ports.ts';
import type { SqlConnection } from './sql-connection.ts';

const keep = `
  insert into undecided_changes (organization_id, directory_user_id, previous)
  select $1::uuid, w.id, w.previous::jsonb from unnest($2::uuid[], $3::text[]) as w(id, previous)
  order by w.id
  on conflict (organization_id, directory_user_id) do nothing`;

const take = `
  delete from undecided_changes c where c.organization_id = $1::uuid and c.directory_user_id = any($2::uuid[])
  returning c.directory_user_id as "id", c.previous as "previous"`;

export function makeUndecidedChangeStore({ context, rows, execute }: SqlConnection): UndecidedChangeStore {
  const { organizationId } = context;
  return {
    keep: async (before) => {
      const contents = before.map(({ userName, externalId, active, attributes }): UserContent => {
        return { userName, externalId, active, attributes };
      });
      const texts = contents.map((content) => JSON.stringify(content));
      const ids = before.map(({ id }) => id);
      await execute({ name: 'keep_undecided', text: keep, values: [organizationId, ids, texts] });
    },
    take: async (userIds) => {
      const taken = await rows<{ id: string; previous: UserContent }>({
        name: 'take_undecided',
        text: take,
        values: [organizationId, userIds],
      });
      return new Map(taken.map(({ id, previous }) => [id, previous]));
    },
  };
}
