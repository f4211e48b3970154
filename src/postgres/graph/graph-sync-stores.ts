import type { GraphSyncStores } from '../../operations/sync/graph-sync-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { makeClaimStore } from './claim-store.ts';
import { makeGraphMirrorStore } from './mirror-store.ts';
import { makeStagingStore } from './staging-store.ts';
import { makeStreamStore } from './stream-store.ts';
import { makeSubscriptionStore } from './subscription-store.ts';

export function makeGraphSyncStores(connection: SqlConnection): GraphSyncStores {
  return {
    claims: makeClaimStore(connection),
    streams: makeStreamStore(connection),
    staging: makeStagingStore(connection),
    mirror: makeGraphMirrorStore(connection),
    subscriptions: makeSubscriptionStore(connection),
  };
}
