import type { CaseFacts } from '../../provisioning/facts.ts';
import type { EventAction, EventTrigger } from '../../provisioning/provisioning-event.ts';
import type { RecordChange } from '../../provisioning/record-change.ts';
import type { EmployeeDefaults, Settings } from '../../provisioning/settings.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import type { MappingRuleRecord } from '../rules/rules-ports.ts';

export type ChangeSetState = 'applied' | 'partlyUndone' | 'undone';

/** Everything that one run or one request did. The id is the run's, else the request's. */
export interface ChangeSet {
  readonly id: string;
  readonly trigger: EventTrigger;
  readonly connectionId: string | null;
  readonly runId: string | null;
  readonly requestId: string | null;
  readonly at: string;
  readonly state: ChangeSetState;
  /** Entries of the provisioning log by action. */
  readonly counts: Readonly<Partial<Record<EventAction, number>>>;
  /** Changes of mapping rules, settings and employee defaults. */
  readonly configurationChanges: number;
  /** The change set that this one took back, null when it is no undo. */
  readonly undoOf: string | null;
}

export interface ChangeSetFilter {
  readonly trigger: EventTrigger | null;
  readonly connectionId: string | null;
}

/** A change of the configuration, as it has to be known to be taken back. */
export type ConfigurationChange =
  | {
      readonly kind: 'mappingRule';
      readonly subjectId: string;
      readonly before: MappingRuleRecord | null;
      readonly after: MappingRuleRecord | null;
    }
  | {
      readonly kind: 'settings';
      readonly subjectId: null;
      readonly before: Settings;
      readonly after: Settings;
    }
  | {
      readonly kind: 'employeeDefaults';
      readonly subjectId: null;
      readonly before: EmployeeDefaults;
      readonly after: EmployeeDefaults;
    };

/** An entry of the log that changed records. */
export interface RecordedEvent {
  readonly id: string;
  readonly trigger: EventTrigger;
  readonly directoryUserId: string | null;
  readonly records: readonly RecordChange[];
}

export interface RecordedEventsLookup {
  readonly changeSetId: string;
  /** Ids of employees, contacts or directory users; null for everybody. */
  readonly personIds: readonly string[] | null;
  /** Events before this one, newest first. */
  readonly before: string | null;
  readonly limit: number;
}

/** All keys lower case. */
export interface UndoLookup {
  /** Employees and contacts. */
  readonly personIds: readonly string[];
  /** Directory users whose records matter too. */
  readonly userIds: readonly string[];
  readonly addressKeys: readonly string[];
  readonly usernameKeys: readonly string[];
}

export interface UndoNote {
  readonly undoId: string;
  readonly changeSetId: string;
  readonly at: string;
  readonly isWhole: boolean;
}

export interface ChangeSetStore {
  /** Newest first, by the first thing that each did. */
  readonly list: (
    filter: ChangeSetFilter,
    page: PageRequest,
  ) => Promise<Page<ChangeSet & { readonly key: string }>>;
  readonly get: (id: string) => Promise<ChangeSet | null>;
  readonly recordedEvents: (lookup: RecordedEventsLookup) => Promise<readonly RecordedEvent[]>;
  /** Newest first. */
  readonly configurationChanges: (changeSetId: string) => Promise<readonly ConfigurationChange[]>;
  readonly noteConfiguration: (
    changes: readonly ConfigurationChange[],
    requestId: string,
    at: string,
  ) => Promise<void>;
  /** Facts about people by id, locked in id order. */
  readonly loadPeople: (lookup: UndoLookup) => Promise<CaseFacts>;
  /** The same, locking nobody. */
  readonly viewPeople: (lookup: UndoLookup) => Promise<CaseFacts>;
  /** Those of the ids that are a job title, department, location, employee, role, account or account location. */
  readonly existing: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly noteUndo: (note: UndoNote) => Promise<void>;
  /** Leaves these users to the undo until they change: re-plans pass them over. */
  readonly keepUndone: (userIds: readonly string[]) => Promise<void>;
  /** Those of the users that no undo speaks for. */
  readonly withoutUndone: (userIds: readonly string[]) => Promise<readonly string[]>;
  readonly forgetUndone: () => Promise<void>;
  /**
   * Removes at most so many changes of the configuration, and notes of undos, from before this moment whose change sets have no
   * entry of the log any more. Answers how many.
   */
  readonly forget: (before: string, limit: number) => Promise<number>;
}
