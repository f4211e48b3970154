import type { Contact, Employee } from '../../provisioning/person.ts';
import type { EventAction, EventDraft, FieldChange } from '../../provisioning/provisioning-event.ts';
import { deletedRecord, type RecordChange } from '../../provisioning/record-change.ts';
import type { OrganizationContext } from '../context.ts';
import type { EventContext } from '../ports.ts';

/** Log entries of an administrator's own change of a person. */
export const manualEvents = (context: OrganizationContext, connectionId: string | null): EventContext => ({
  connectionId,
  trigger: 'manual',
  runId: null,
  requestId: context.requestId,
});

export const actorName = ({ actor }: OrganizationContext): string =>
  actor.kind === 'apiKey' ? `API key ${actor.name}` : 'the system';

/** What decides how the log names a change. */
export interface AccessState {
  readonly isActive: boolean;
  readonly isEnabled: boolean;
}

export interface LocalEdit {
  readonly before: AccessState;
  readonly after: AccessState;
  readonly changes: readonly FieldChange[];
  readonly subject: Pick<EventDraft, 'directoryUserId' | 'employeeId' | 'contactId' | 'winningRuleId'>;
  readonly by: string;
  /** The whole change of the record; noted with the first entry. */
  readonly record: RecordChange;
}

const accessFields = new Set(['loginEnabled', 'hasPortalAccess']);

function accessAction(before: AccessState, after: AccessState): EventAction | null {
  if (before.isActive !== after.isActive) return after.isActive ? 'reactivated' : 'deactivated';
  if (before.isEnabled !== after.isEnabled) return after.isEnabled ? 'accessGranted' : 'accessRevoked';
  return null;
}

const reasons: Partial<Record<EventAction, string>> = {
  reactivated: 'Activated by hand',
  deactivated: 'Deactivated by hand; the sync keeps it inactive until it is activated by hand',
  accessGranted: 'Login switched on by hand',
  accessRevoked: 'Login switched off by hand',
  roleChanged: 'Security role changed by hand',
  updated: 'Changed by hand',
};

/** One entry for each kind of thing that changed: access, role, other fields. */
export function describeLocalEdit(edit: LocalEdit): readonly EventDraft[] {
  const access = accessAction(edit.before, edit.after);
  const kindOf = (change: FieldChange): EventAction => {
    if (change.field === 'status' && edit.before.isActive !== edit.after.isActive) return access ?? 'updated';
    if (accessFields.has(change.field)) return access ?? 'updated';
    return change.field === 'securityRoleId' ? 'roleChanged' : 'updated';
  };
  const actions: readonly EventAction[] = [...(access === null ? [] : [access]), 'roleChanged', 'updated'];
  const events = actions.flatMap((action) => {
    const changes = edit.changes.filter((change) => kindOf(change) === action);
    if (changes.length === 0) return [];
    return [
      { ...edit.subject, action, reason: `${reasons[action] ?? 'Changed by hand'} (${edit.by}).`, changes },
    ];
  });
  const [first, ...others] = events;
  return first === undefined ? [] : [{ ...first, records: [edit.record] }, ...others];
}

interface Deletion {
  readonly subject: LocalEdit['subject'];
  /** What the log shows of the record. */
  readonly fields: Readonly<Record<string, FieldChange['before']>>;
  readonly by: string;
}

/** The entry of a record that is deleted by hand: everything that it held goes. */
export const describeDeletion = (
  person: Employee | Contact,
  { subject, fields, by }: Deletion,
): EventDraft => ({
  ...subject,
  action: 'deactivated',
  reason: `Deleted by hand (${by}).`,
  changes: Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([field, before]) => ({ field, before, after: null, origin: 'local' })),
  records: [deletedRecord(person)],
});
