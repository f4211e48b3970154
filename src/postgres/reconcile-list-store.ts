import type { ReconcileListStore } from '../operations/reconcile/reconcile-list-ports.ts';
import { idArray, splitIds } from './id-lists.ts';
import type { SqlConnection } from './sql-connection.ts';

const keepPart = `
  insert into reconcile_lists (organization_id, reconcile_list_id, part, user_ids)
  values ($1::uuid, $2::uuid, $3::integer, $4::uuid[])`;

const readPart = `
  select array_to_string(l.user_ids, ',') as "userIds" from reconcile_lists l
  where l.organization_id = $1::uuid and l.reconcile_list_id = $2::uuid and l.part = $3::integer`;

const forget = `
  delete from reconcile_lists l where l.organization_id = $1::uuid and l.reconcile_list_id = $2::uuid`;

export function makeReconcileListStore({ context, rows, execute }: SqlConnection): ReconcileListStore {
  const { organizationId } = context;
  return {
    keepPart: async (listId, part, userIds) => {
      await execute({
        name: 'keep_reconcile_list',
        text: keepPart,
        values: [organizationId, listId, part, idArray(userIds)],
      });
    },
    readPart: async (listId, part) => {
      const [row] = await rows<{ userIds: string }>({
        name: 'read_reconcile_list',
        text: readPart,
        values: [organizationId, listId, part],
      });
      return row === undefined ? null : splitIds(row.userIds);
    },
    forget: async (listId) => {
      await execute({ name: 'forget_reconcile_list', text: forget, values: [organizationId, listId] });
    },
  };
}
