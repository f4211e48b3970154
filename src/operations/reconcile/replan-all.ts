import type { OrganizationContext } from '../context.ts';
import type { Stores } from '../ports.ts';
import type { DecisionTools } from './decision-tools.ts';
import { deletedToPlan, purgeDeleted } from './deleted-to-plan.ts';
import { inlineLimit, reconcileNow } from './reconcile-members.ts';
import { openReplan } from './start-replan.ts';

const connectionPage = 200;

export type ReplanAll = (stores: Stores, context: OrganizationContext) => Promise<void>;

/**
 * Plans everybody in the mirror of every connection again, as when provisioning is switched on (REQ-48), in the caller's
 * transaction: the switch and its consequences come together or not at all. Small connections are decided at once, as long
 * as there are few people altogether; the others become sync runs, whose jobs the caller wakes after its commit.
 */
export function makeReplanAll(tools: DecisionTools): ReplanAll {
  return async (stores, context) => {
    let room = inlineLimit;
    let after: string | null = null;
    do {
      const page: { after: string | null; limit: number } = { after, limit: connectionPage };
      const connections = await stores.connections.list(page);
      for (const { id } of connections.items) {
        const ids = await stores.users.idsAfter(id, null, room + 1);
        const deleted = await deletedToPlan(stores, id);
        const count = ids.length + deleted.length;
        if (count > room) {
          await openReplan(stores, context, id, tools.identifiers.next());
        } else if (count > 0) {
          const log = {
            connectionId: id,
            trigger: 'manual',
            runId: null,
            requestId: context.requestId,
          } as const;
          const wanted = await stores.changeSets.withoutUndone(ids);
          const userIds = [...wanted, ...deleted.map((user) => user.id)];
          await reconcileNow(stores, userIds, 'replan', log, tools);
          await purgeDeleted(stores, deleted);
          room -= count;
        }
      }
      after = connections.nextAfter;
    } while (after !== null);
  };
}
