import type { DirectoryUser } from '../../directory/directory-user.ts';
import type { EventAction, EventDraft, EventTrigger } from '../../provisioning/provisioning-event.ts';
import type { Page, PageRequest } from '../keyset-page.ts';

/** Whom the directory put into the group: the provisioning client, or a read of Microsoft Graph. */
export type MembershipSource = 'scim' | 'graph';

export interface GroupOfDirectoryUser {
  readonly id: string;
  readonly objectId: string | null;
  readonly name: string;
  readonly source: MembershipSource;
}

export interface DirectoryUserView {
  readonly user: DirectoryUser;
  /** Live groups by name. */
  readonly groups: readonly GroupOfDirectoryUser[];
  /** The PSA records this user is now; an archived employee is none. */
  readonly employeeId: string | null;
  readonly contactId: string | null;
}

export interface DirectoryGroupView {
  readonly id: string;
  readonly connectionId: string;
  readonly objectId: string | null;
  readonly externalId: string | null;
  readonly name: string;
  readonly memberCount: number;
  readonly deleted: boolean;
}

export interface DirectoryFilter {
  readonly connectionId: string | null;
  /** Part of a name or identifier, in any case. */
  readonly q: string | null;
}

/** The mirror as administrators read it: over all connections, what was deleted upstream included. */
export interface DirectoryStore {
  readonly listUsers: (filter: DirectoryFilter, page: PageRequest) => Promise<Page<DirectoryUserView>>;
  readonly getUser: (id: string) => Promise<DirectoryUserView | null>;
  readonly listGroups: (filter: DirectoryFilter, page: PageRequest) => Promise<Page<DirectoryGroupView>>;
  readonly getGroup: (id: string) => Promise<DirectoryGroupView | null>;
}

/** One line of the provisioning log. */
export interface ProvisioningEvent extends EventDraft {
  readonly id: string;
  readonly at: string;
  readonly connectionId: string | null;
  readonly trigger: EventTrigger;
  readonly runId: string | null;
  readonly requestId: string | null;
}

export interface EventFilter {
  readonly directoryUserId: string | null;
  readonly employeeId: string | null;
  readonly contactId: string | null;
  readonly connectionId: string | null;
  readonly runId: string | null;
  readonly requestId: string | null;
  readonly action: EventAction | null;
  /** RFC 3339; events at or after this moment. */
  readonly since: string | null;
  /** Any id that an event holds, or the whole email, username or external id of a person, without regard to case. */
  readonly text: string | null;
}

export const everyEvent: EventFilter = {
  directoryUserId: null,
  employeeId: null,
  contactId: null,
  connectionId: null,
  runId: null,
  requestId: null,
  action: null,
  since: null,
  text: null,
};

export interface EventLogStore {
  /** Newest first. */
  readonly list: (filter: EventFilter, page: PageRequest) => Promise<Page<ProvisioningEvent>>;
  /** Removes events from before the moment (RFC 3339), at most `limit`; answers how many. */
  readonly forget: (before: string, limit: number) => Promise<number>;
}
