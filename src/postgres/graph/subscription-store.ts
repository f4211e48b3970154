import type { KeptSubscription, SubscriptionStore } from '../../operations/sync/graph-sync-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';

export function makeSubscriptionStore(connection: SqlConnection): SubscriptionStore {
  const { organizationId } = connection.context;
  return {
    list: (connectionId) =>
      connection.rows<KeptSubscription>({
        text: `
          select s.resource, s.subscription_id as "id", s.expires_at as "expiresAt", s.renew_at as "renewAt"
          from graph_subscriptions s
          where s.organization_id = $1 and s.connection_id = $2
          order by s.resource`,
        values: [organizationId, connectionId],
      }),
    save: async (connectionId, { resource, id, expiresAt, renewAt }, clientStateHash) => {
      await connection.execute({
        text:
          clientStateHash === null
            ? `update graph_subscriptions set subscription_id = $4, expires_at = $5, renew_at = $6
                where organization_id = $1 and connection_id = $2 and resource = $3`
            : `insert into graph_subscriptions as s (organization_id, connection_id, resource, subscription_id, expires_at,
                  renew_at, client_state_hash)
                values ($1, $2, $3, $4, $5, $6, $7)
                on conflict on constraint graph_subscriptions__identity do update
                  set subscription_id = excluded.subscription_id, expires_at = excluded.expires_at,
                    renew_at = excluded.renew_at, client_state_hash = excluded.client_state_hash`,
        values: [
          organizationId,
          connectionId,
          resource,
          id,
          expiresAt,
          renewAt,
          ...(clientStateHash === null ? [] : [clientStateHash]),
        ],
      });
    },
    delete: async (connectionId, resource) => {
      await connection.execute({
        text: 'delete from graph_subscriptions where organization_id = $1 and connection_id = $2 and resource = $3',
        values: [organizationId, connectionId, resource],
      });
    },
    renewNow: async (connectionId) => {
      await connection.execute({
        text: `
          with renewed as (
            update graph_subscriptions set renew_at = now() where organization_id = $1 and connection_id = $2
          )
          update graph_syncs set subscriptions_due_at = now() where organization_id = $1 and connection_id = $2`,
        values: [organizationId, connectionId],
      });
    },
    setDue: async (connectionId, at) => {
      await connection.execute({
        text: 'update graph_syncs set subscriptions_due_at = $3 where organization_id = $1 and connection_id = $2',
        values: [organizationId, connectionId, at],
      });
    },
  };
}
