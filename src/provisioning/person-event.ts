import type { EventAction, EventDraft } from './provisioning-event.ts';

/** What other systems are told about people, in the spelling that Standard Webhooks recommends for event types. */
export const personEventTypes = [
  'employee.created',
  'employee.updated',
  'employee.accessGranted',
  'employee.accessRevoked',
  'employee.deactivated',
  'employee.reactivated',
  'employee.archived',
  'employee.restored',
  'employee.deleted',
  'contact.created',
  'contact.updated',
  'contact.accessGranted',
  'contact.accessRevoked',
  'contact.deactivated',
  'contact.reactivated',
  'contact.deleted',
] as const;

export type PersonEventType = (typeof personEventTypes)[number];

type EmployeeVerb = PersonEventType extends infer Type
  ? Type extends `employee.${infer Verb}`
    ? Verb
    : never
  : never;

/** What an action of the log does to the record that the entry names; null when the record stays as it is. */
const verbs: Readonly<Record<EventAction, EmployeeVerb | null>> = {
  created: 'created',
  merged: 'updated',
  updated: 'updated',
  roleChanged: 'updated',
  converted: 'updated',
  accessGranted: 'accessGranted',
  accessRevoked: 'accessRevoked',
  deactivated: 'deactivated',
  reactivated: 'reactivated',
  archived: 'archived',
  restored: 'restored',
  unchanged: null,
  held: null,
  conflict: null,
  failed: null,
};

/** Every record has a status: one that had none before is new, one that has none afterwards is gone. */
function verbOf({ action, changes }: EventDraft): EmployeeVerb | null {
  const verb = verbs[action];
  if (verb === null) return null;
  const status = changes.find(({ field }) => field === 'status');
  if (status?.after === null) return 'deleted';
  return status?.before === null ? 'created' : verb;
}

/** How an entry of the provisioning log is published; null when it changed no person. */
export function personEventType(event: EventDraft): PersonEventType | null {
  const verb = verbOf(event);
  if (verb === null) return null;
  if (event.employeeId !== null) return `employee.${verb}`;
  if (event.contactId === null) return null;
  // Contacts are not archived: they are CRM people with or without access.
  if (verb === 'archived') return 'contact.deactivated';
  return verb === 'restored' ? 'contact.reactivated' : `contact.${verb}`;
}
