import type { Subject } from './case.ts';
import type { Contact, Employee } from './person.ts';
import type { EventAction, EventDraft, FieldOrigin } from './provisioning-event.ts';
import { changedFields, contactFields, employeeFields } from './record-diff.ts';

const ruleFields = new Set([
  'securityRoleId',
  'loginEnabled',
  'hasPortalAccess',
  'winningRuleId',
  'accountId',
  'accountLocationId',
]);
const defaultFields = new Set([
  'departmentId',
  'locationId',
  'managerId',
  'employmentType',
  'employeeRoleId',
]);

const originOf = (field: string): FieldOrigin =>
  ruleFields.has(field) ? 'rule' : defaultFields.has(field) ? 'default' : 'directory';

/** Access as the log speaks of it. */
const hasAccess = (record: Employee | Contact | null): boolean => record?.login?.enabled ?? false;

/** The plainest word for a change of a record that no special act (merge, archive …) explains. */
export function plainAction(before: Employee | Contact, after: Employee | Contact): EventAction {
  if (before.status !== after.status) return after.status === 'active' ? 'reactivated' : 'deactivated';
  if (hasAccess(before) !== hasAccess(after)) return hasAccess(after) ? 'accessGranted' : 'accessRevoked';
  if (before.securityRoleId !== after.securityRoleId) return 'roleChanged';
  return 'updated';
}

export interface Act {
  /** The special act, null when the change speaks for itself. */
  readonly action: EventAction | null;
  readonly reason: string;
}

export function employeeEvent(
  subject: Subject,
  before: Employee | null,
  after: Employee,
  act: Act,
): readonly EventDraft[] {
  const changes = changedFields(before && employeeFields(before), employeeFields(after), originOf);
  if (changes.length === 0 && act.action === null) return [];
  const action = act.action ?? (before === null ? 'created' : plainAction(before, after));
  const ids = { directoryUserId: subject.user.id, employeeId: after.id, contactId: null };
  return [{ ...ids, action, reason: act.reason, winningRuleId: subject.winner?.id ?? null, changes }];
}

export function contactEvent(
  subject: Subject,
  before: Contact | null,
  after: Contact,
  act: Act,
): readonly EventDraft[] {
  const changes = changedFields(before && contactFields(before), contactFields(after), originOf);
  if (changes.length === 0 && act.action === null) return [];
  const action = act.action ?? (before === null ? 'created' : plainAction(before, after));
  const ids = { directoryUserId: subject.user.id, employeeId: null, contactId: after.id };
  return [{ ...ids, action, reason: act.reason, winningRuleId: subject.winner?.id ?? null, changes }];
}

/** An event about a person that no record was written for. */
export function personEvent(
  subject: Subject,
  action: EventAction,
  reason: string,
  record: Employee | Contact | null,
): EventDraft {
  const isEmployee = record !== null && 'isRoot' in record;
  return {
    directoryUserId: subject.user.id,
    employeeId: isEmployee ? record.id : null,
    contactId: record !== null && !isEmployee ? record.id : null,
    action,
    reason,
    winningRuleId: subject.winner?.id ?? null,
    changes: [],
  };
}
