import type { Connection, Encryption } from '../connections/connection-ports.ts';
import type { OrganizationContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';
import type { UnitOfWork } from '../ports.ts';
import { graphConnectionOf } from '../tenants/graph-connection.ts';
import type { GraphSubscriptions } from '../tenants/graph-ports.ts';

export interface EndSubscriptionsDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly encryption: Encryption;
  readonly subscriptions: GraphSubscriptions;
}

/**
 * Asks Microsoft Graph to notify no more of a connection that goes, while its tokens are still there. As far as Graph
 * answers: what is left ends by itself, within 29 days.
 */
export type EndSubscriptions = (context: OrganizationContext, connection: Connection) => Promise<void>;

/** Somebody waits. */
const budgetMs = 5_000;

export function makeEndSubscriptions({
  unitOfWork,
  encryption,
  subscriptions,
}: EndSubscriptionsDependencies): EndSubscriptions {
  return async (context, connection) => {
    const { graphFlow: flow, id } = connection;
    if (flow === null) return;
    const kept = await unitOfWork.read(context, ({ graphSync }) => graphSync.subscriptions.list(id));
    if (kept.length === 0) return;
    const signal = AbortSignal.timeout(budgetMs);
    try {
      const graph = graphConnectionOf(context, connection, { flow, encryption });
      // One that is being made just now is known to Graph alone.
      const present = await subscriptions.list(graph, signal).catch(() => []);
      const ours = present.filter(({ notificationUrl }) => notificationUrl.endsWith(`/${id}`));
      const ids = new Set([...kept, ...ours].map((it) => it.id));
      await Promise.allSettled([...ids].map((it) => subscriptions.delete(graph, it, signal)));
    } catch (error) {
      // The key cannot be opened, so there is nothing to ask with.
      if (!(error instanceof OperationError)) throw error;
    }
  };
}
