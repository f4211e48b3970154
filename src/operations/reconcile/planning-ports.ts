import type { DirectoryUser } from '../../directory/directory-user.ts';
import type { RuleGroup } from '../../mapping/mapping-rule.ts';
import type { CaseFacts } from '../../provisioning/facts.ts';

/** What the loader must know to find everybody who could be meant. All keys lower case. */
export interface CaseLookup {
  readonly users: readonly { readonly id: string; readonly connectionId: string }[];
  readonly addressKeys: readonly string[];
  readonly usernameKeys: readonly string[];
  /** Names that count as meant with a number behind them, too. */
  readonly usernameStems: readonly string[];
  readonly jobTitleKeys: readonly string[];
}

export interface MemberLookup {
  readonly connectionId: string;
  /** As rules name them. */
  readonly groupIds: readonly string[];
  /** Users after this id, in id order. */
  readonly after: string | null;
  readonly limit: number;
}

/** A live user, and the positions in `groupIds` of the groups that it is a member of. */
export interface MemberOfGroups {
  readonly user: DirectoryUser;
  readonly positions: readonly number[];
}

/** What a plan is made from: the same facts as for a decision that is carried out, without a single lock. */
export interface PlanningStore {
  readonly membersUnder: (lookup: MemberLookup) => Promise<readonly MemberOfGroups[]>;
  /** Live users of a connection after an id, in id order. */
  readonly usersAfter: (
    connectionId: string,
    after: string | null,
    limit: number,
  ) => Promise<readonly DirectoryUser[]>;
  /** Deleted users whose person can still log in, in id order. */
  readonly deletedWithLogin: (connectionId: string) => Promise<readonly DirectoryUser[]>;
  /** Live users among these, in id order. */
  readonly usersAmong: (ids: readonly string[]) => Promise<readonly DirectoryUser[]>;
  /** The groups as the mirror knows them, in the order given. */
  readonly groupsNamed: (connectionId: string, groupIds: readonly string[]) => Promise<readonly RuleGroup[]>;
  /** Like `people.loadCases`, locking nobody. */
  readonly viewCases: (lookup: CaseLookup) => Promise<CaseFacts>;
}
