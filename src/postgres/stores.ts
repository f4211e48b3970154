import type { Identifiers, JobStore, Stores } from '../operations/ports.ts';
import { makeAdminStores } from './admin/admin-stores.ts';
import { makeEventStore } from './event-store.ts';
import { makeGroupStore } from './group-store.ts';
import { makeMembershipStore } from './membership-store.ts';
import { makePeopleStore } from './people-store.ts';
import type { SqlConnection } from './sql-connection.ts';
import { makeUserStore } from './user-store.ts';

export interface StoreParts {
  /** Jobs are written by the queue's own statements, on the connection of the unit of work. */
  readonly jobs: (connection: SqlConnection) => JobStore;
  readonly identifiers: Identifiers;
}

/** All stores on one connection; they live as long as the unit of work. */
export function makeStores(connection: SqlConnection, { jobs, identifiers }: StoreParts): Stores {
  return {
    ...makeAdminStores(connection),
    users: makeUserStore(connection, identifiers.next),
    groups: makeGroupStore(connection),
    memberships: makeMembershipStore(connection),
    people: makePeopleStore(connection),
    events: makeEventStore(connection, identifiers.next),
    jobs: jobs(connection),
  };
}
