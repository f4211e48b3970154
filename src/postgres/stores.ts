import type { OrganizationContext } from '../operations/context.ts';
import type { Identifiers, JobStore, Stores } from '../operations/ports.ts';
import { adminStores } from './admin/admin-stores.ts';
import { makeChangeSetStore } from './admin/change-set-store.ts';
import { makeEventStore } from './event-store.ts';
import { makeGraphSyncStores } from './graph/graph-sync-stores.ts';
import { makeGroupStore } from './group-store.ts';
import { makeHeldChangeStore } from './held-change-store.ts';
import { defineStores } from './lazy-stores.ts';
import { makeMembershipStore } from './membership-store.ts';
import { makePendingSignInStore } from './pending-sign-in-store.ts';
import { makePeopleStore } from './people-store.ts';
import type { RememberedTotals } from './query/remembered-totals.ts';
import { makeReconcileListStore } from './reconcile-list-store.ts';
import type { SqlConnection } from './sql-connection.ts';
import { makeTokenCacheStore } from './token-cache-store.ts';
import { makeUndecidedChangeStore } from './undecided-change-store.ts';
import { makeUserStore } from './user-store.ts';
import { makeDeliveryStore } from './webhook-delivery-store.ts';
import { makeWebhookStore } from './webhook-store.ts';

export interface StoreParts {
  /** Jobs are written by the queue's own statements, on the connection of the unit of work. */
  readonly jobs: (connection: SqlConnection) => JobStore;
  readonly identifiers: Identifiers;
  /** Shared by all units of work of the process. */
  readonly totals?: RememberedTotals;
  /** Told before the commit that a unit of work of this context leaves deliveries behind. */
  readonly noteDeliveries?: (context: OrganizationContext) => void;
}

interface StoreOrigin {
  readonly connection: SqlConnection;
  readonly parts: StoreParts;
}

const makeFrom = defineStores<StoreOrigin, Stores>({
  ...adminStores,
  users: ({ connection, parts: { identifiers, totals } }) =>
    makeUserStore(connection, { nextId: identifiers.next, ...(totals ? { totals } : {}) }),
  groups: ({ connection }) => makeGroupStore(connection),
  memberships: ({ connection }) => makeMembershipStore(connection),
  people: ({ connection }) => makePeopleStore(connection),
  events: ({ connection, parts: { identifiers, noteDeliveries = () => undefined } }) =>
    makeEventStore(connection, { nextId: identifiers.next, noteDeliveries }),
  heldChanges: ({ connection }) => makeHeldChangeStore(connection),
  changeSets: ({ connection, parts }) => makeChangeSetStore(connection, parts.identifiers.next),
  reconcileLists: ({ connection }) => makeReconcileListStore(connection),
  undecidedChanges: ({ connection }) => makeUndecidedChangeStore(connection),
  jobs: ({ connection, parts }) => parts.jobs(connection),
  webhooks: ({ connection }) => makeWebhookStore(connection),
  deliveries: ({ connection }) => makeDeliveryStore(connection),
  graphSync: ({ connection }) => makeGraphSyncStores(connection),
  tokenCaches: ({ connection }) => makeTokenCacheStore(connection),
  pendingSignIns: ({ connection }) => makePendingSignInStore(connection),
});

/** All stores on one connection; they live as long as the unit of work. */
export const makeStores = (connection: SqlConnection, parts: StoreParts): Stores =>
  makeFrom({ connection, parts });
