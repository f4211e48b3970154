import type { RecordChange } from './record-change.ts';

export type EventTrigger = 'scim' | 'graph' | 'manual' | 'ruleChange' | 'approval';

export type EventAction =
  | 'created'
  | 'merged'
  | 'updated'
  | 'unchanged'
  | 'deactivated'
  | 'reactivated'
  | 'archived'
  | 'restored'
  | 'converted'
  | 'accessGranted'
  | 'accessRevoked'
  | 'roleChanged'
  | 'held'
  | 'conflict'
  | 'failed';

/** Where a field's value came from. */
export type FieldOrigin = 'directory' | 'default' | 'rule' | 'local';

export interface FieldChange {
  readonly field: string;
  readonly before: string | boolean | null;
  readonly after: string | boolean | null;
  readonly origin: FieldOrigin;
}

/** One line of the provisioning log before it gets its id, time, trigger and request id. */
export interface EventDraft {
  readonly directoryUserId: string | null;
  readonly employeeId: string | null;
  readonly contactId: string | null;
  readonly action: EventAction;
  /** A sentence for the administrator. */
  readonly reason: string;
  readonly winningRuleId: string | null;
  readonly changes: readonly FieldChange[];
  /** Everything that changed of the records behind the entry, for an undo; shown to nobody. */
  readonly records?: readonly RecordChange[];
}
