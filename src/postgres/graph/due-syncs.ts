import type { FindSubscriptions, NotificationOwner } from '../../operations/sync/graph-notification-ports.ts';
import type { Database } from '../database.ts';
import { isUuid } from '../uuid.ts';

const pageSize = 100;
/** A job that is lost before it is taken up leaves the connection due again after this time. */
export const againAfterSeconds = 30;

export interface DueSync {
  readonly organizationId: string;
  readonly connectionId: string;
}

/** Connected connections of all organizations whose time has come; the next call answers others. */
export const makeTakeDueSyncs = (database: Database) => (): Promise<readonly DueSync[]> =>
  database.systemRows<DueSync>({
    name: 'take_due_graph_syncs',
    text: `
      select d.organization_id as "organizationId", d.connection_id as "connectionId"
      from take_due_graph_syncs($1, make_interval(secs => $2)) d`,
    values: [pageSize, againAfterSeconds],
  });

/** Whose notifications these are, before an organization is known. */
export const makeFindSubscriptions =
  (database: Database): FindSubscriptions =>
  async (connectionId) => {
    if (!isUuid(connectionId)) return [];
    return database.systemRows<NotificationOwner>({
      name: 'find_graph_subscriptions',
      text: `
        select f.organization_id as "organizationId", f.subscription_id as "subscriptionId",
          f.client_state_hash as "clientStateHash", f.tenant_id as "tenantId"
        from find_graph_subscriptions($1::uuid) f`,
      values: [connectionId],
    });
  };

/** Of all organizations, the oldest first; no more than anybody looks at. */
export const makeListGraphAges =
  (database: Database) => (): Promise<readonly { connectionId: string; ageSeconds: number }[]> =>
    database.systemRows({
      text: `select a.connection_id as "connectionId", a.age_seconds as "ageSeconds" from list_graph_ages() a`,
    });
