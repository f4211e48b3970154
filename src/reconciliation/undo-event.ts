import type { ChangedPerson } from '../provisioning/ledger.ts';
import type { Contact, Employee } from '../provisioning/person.ts';
import type { EventAction, EventDraft } from '../provisioning/provisioning-event.ts';
import { isEmployee, recordChange } from '../provisioning/record-change.ts';
import { changedFields, contactFields, employeeFields } from '../provisioning/record-diff.ts';
import { plainAction } from '../provisioning/record-event.ts';

function actionOf(before: Employee | Contact, after: Employee | Contact): EventAction {
  if (before.status !== after.status) {
    if (before.status === 'archived') return 'restored';
    if (after.status === 'archived') return 'archived';
  }
  return plainAction(before, after);
}

const fieldsOf = (person: Employee | Contact) =>
  isEmployee(person) ? employeeFields(person) : contactFields(person);

/** The log entry of a record that an undo changed. */
export function undoEvent({ before, after }: ChangedPerson, reason: string): readonly EventDraft[] {
  if (before === null) return [];
  const change = recordChange(before, after);
  if (change.fields.length === 0) return [];
  return [
    {
      directoryUserId: after.directoryUserId ?? before.directoryUserId,
      employeeId: isEmployee(after) ? after.id : null,
      contactId: isEmployee(after) ? null : after.id,
      action: actionOf(before, after),
      reason,
      winningRuleId: after.winningRuleId,
      changes: changedFields(fieldsOf(before), fieldsOf(after), () => 'local'),
      records: [change],
    },
  ];
}
