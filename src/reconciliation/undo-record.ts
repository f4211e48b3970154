import type { JsonValue } from '../directory/json.ts';
import { sameJson } from '../directory/same-json.ts';
import { caseKey } from '../provisioning/directory-identity.ts';
import type { Ledger } from '../provisioning/ledger.ts';
import type { Contact, Employee, Login } from '../provisioning/person.ts';
import {
  isEmployee,
  type RecordChange,
  type RecordFieldChange,
  type RecordValues,
  recordValues,
  withRecordValues,
} from '../provisioning/record-change.ts';

/** A field that an undo does not touch, and why. */
export interface LeftAlone {
  readonly kind: RecordChange['kind'];
  readonly recordId: string;
  readonly field: string;
  /** As it is. */
  readonly value: JsonValue;
  /** As it was before the change that is undone. */
  readonly formerValue: JsonValue;
  /** A sentence for the administrator. */
  readonly reason: string;
}

export interface UndoFacts {
  readonly ledger: Ledger;
  readonly now: string;
  /** Ids of lists, accounts and people that still exist, among those that former values name. */
  readonly existing: ReadonlySet<string>;
  /** Employees that are active, may log in and have an administrator role; kept up to date while undoing. */
  readonly administratorIds: Set<string>;
}

type Person = Employee | Contact;
type Refusal = (field: string, reason: string) => void;

/**
 * Takes one change of one record back, field by field. What is not as the change left it was edited since and stays; what
 * is as it was before needs nothing. A record that the change created stays, without access and with its names free.
 */
export function undoRecordChange(change: RecordChange, facts: UndoFacts): readonly LeftAlone[] {
  const { ledger } = facts;
  const person = change.kind === 'employee' ? ledger.employee(change.id) : ledger.contact(change.id);
  const left: LeftAlone[] = [];
  const leave = (field: string, reason: string): void => {
    const formerValue = change.fields.find((it) => it.field === field)?.before ?? null;
    const value = person === null ? null : (recordValues(person)[field] ?? null);
    left.push({ kind: change.kind, recordId: change.id, field, value, formerValue, reason });
  };
  if (person === null) {
    leave('id', 'The record has been deleted by hand.');
    return left;
  }
  const wanted = new Map(wantedValues(change, person, leave));
  for (const check of checks) check(person, wanted, facts, leave);
  if (wanted.size > 0) put(person, Object.fromEntries(wanted), facts);
  return left;
}

/** What a created record is reduced to: the person is known, and that is all. */
const retired = (person: Person): RecordValues => ({
  ...(person.status === 'active' ? { status: 'inactive', inactivatedBy: 'sync' } : {}),
  securityRoleId: null,
  winningRuleId: null,
  governed: false,
  username: null,
  loginEmail: null,
  loginEnabled: false,
  ...(isEmployee(person) ? {} : { hasPortalAccess: false, hasLogin: false }),
});

function wantedValues(
  { isNew, fields }: RecordChange,
  person: Person,
  leave: Refusal,
): readonly [string, JsonValue][] {
  const current = recordValues(person);
  const target = isNew ? retired(person) : null;
  const changes: readonly RecordFieldChange[] =
    target === null
      ? fields
      : Object.entries(target).map(([field, before]) => ({
          field,
          before,
          after: fields.find((it) => it.field === field)?.after ?? null,
        }));
  return changes.flatMap(({ field, before, after }): [string, JsonValue][] => {
    const value = current[field] ?? null;
    if (sameJson(value, before)) return [];
    if (sameJson(value, after) || (target !== null && !isOwnName(person, field))) return [[field, before]];
    leave(field, 'It was changed since, by hand or by a later change.');
    return [];
  });
}

/** Of a created employee, a name that somebody gave it by hand is theirs; access ends in any case. */
const isOwnName = (person: Person, field: string): boolean =>
  isEmployee(person) && (field === 'username' || field === 'loginEmail');

type Check = (person: Person, wanted: Map<string, JsonValue>, facts: UndoFacts, leave: Refusal) => void;

/** What belongs together is taken back together or not at all. */
const statusFields = ['status', 'inactivatedBy', 'archivedAt'];

const drop = (
  wanted: Map<string, JsonValue>,
  fields: readonly string[],
  reason: string,
  leave: Refusal,
): void => {
  for (const field of fields) if (wanted.delete(field)) leave(field, reason);
};

const valueIn = (person: Person, wanted: ReadonlyMap<string, JsonValue>, field: string): JsonValue =>
  wanted.has(field) ? (wanted.get(field) ?? null) : (recordValues(person)[field] ?? null);

const requireWholeStatus: Check = (person, wanted, _facts, leave) => {
  const isInactive = valueIn(person, wanted, 'status') === 'inactive';
  const isPartial = !wanted.has('status') && statusFields.some((field) => wanted.has(field));
  // Who keeps an inactive record inactive can change alone; anything else goes with the status.
  if (isPartial && !(isInactive && person.status === 'inactive')) {
    drop(wanted, statusFields, 'It goes with the status, which was changed since.', leave);
  }
};

const referenceFields: ReadonlySet<string> = new Set([
  'jobTitleId',
  'departmentId',
  'locationId',
  'managerId',
  'employeeRoleId',
  'securityRoleId',
  'accountId',
  'accountLocationId',
]);

const requireReferences: Check = (_person, wanted, { existing }, leave) => {
  for (const [field, value] of [...wanted]) {
    if (!referenceFields.has(field) || typeof value !== 'string' || existing.has(value)) continue;
    drop(wanted, [field], 'What it pointed at does not exist any more.', leave);
  }
};

/** The record of a directory user that stands in for this one by now. */
const requireOneRecord: Check = (person, wanted, { ledger }, leave) => {
  const userId = valueIn(person, wanted, 'directoryUserId');
  if (typeof userId !== 'string' || valueIn(person, wanted, 'status') === 'archived') return;
  const present = isEmployee(person) ? ledger.employeeOf(userId) : ledger.contactOf(userId);
  if (present === null || present.id === person.id) return;
  const fields = [...statusFields, 'directoryUserId', 'loginEnabled'];
  drop(wanted, fields, 'Another record stands for this directory user by now.', leave);
};

const requireFreeNames: Check = (person, wanted, { ledger }, leave) => {
  const username = wanted.get('username');
  const email = wanted.get('loginEmail');
  const isTaken = (holder: string | null): boolean => holder !== null && holder !== person.id;
  if (typeof username === 'string' && isTaken(ledger.usernameHolder(username)))
    drop(wanted, ['username'], 'Somebody else has this username by now.', leave);
  if (typeof email === 'string' && isTaken(ledger.emailHolder(email)))
    drop(wanted, ['loginEmail'], 'Somebody else logs in with this email by now.', leave);
};

const requireOneLogin: Check = (person, wanted, { ledger }, leave) => {
  if (wanted.get('loginEnabled') !== true) return;
  if (valueIn(person, wanted, 'status') !== 'active') {
    drop(wanted, ['loginEnabled'], 'The record is not active.', leave);
    return;
  }
  const userId = valueIn(person, wanted, 'directoryUserId');
  if (typeof userId !== 'string') return;
  const others = [ledger.employeeOf(userId), ledger.contactOf(userId)];
  if (others.some((it) => it !== null && it.id !== person.id && it.login?.enabled === true))
    drop(
      wanted,
      ['loginEnabled', 'hasPortalAccess'],
      'The person logs in with another record by now.',
      leave,
    );
};

const accessFields = [...statusFields, 'loginEnabled', 'securityRoleId', 'winningRuleId'];

/** The root user and the last active administrator keep login and role. */
const requireAdministrators: Check = (person, wanted, { ledger, administratorIds }, leave) => {
  if (!isEmployee(person)) return;
  const roleId = valueIn(person, wanted, 'securityRoleId');
  const isAdministrator =
    typeof roleId === 'string' && ledger.facts.securityRoles.get(roleId)?.isAdministrator === true;
  const keeps =
    isAdministrator &&
    valueIn(person, wanted, 'status') === 'active' &&
    valueIn(person, wanted, 'loginEnabled') === true;
  if (keeps) {
    administratorIds.add(person.id);
    return;
  }
  const isLast = administratorIds.has(person.id) && administratorIds.size === 1;
  if (person.isRoot) drop(wanted, accessFields, 'The root user keeps its login and role.', leave);
  else if (isLast) drop(wanted, accessFields, 'This is the last active administrator.', leave);
  else administratorIds.delete(person.id);
};

const checks: readonly Check[] = [
  requireWholeStatus,
  requireReferences,
  requireOneRecord,
  requireFreeNames,
  requireOneLogin,
  requireAdministrators,
];

/** Sessions that were opened under a login that ends are over (D-08). */
function put(person: Person, values: RecordValues, { ledger, now }: UndoFacts): void {
  const restored = withRecordValues(person, values);
  const isOut = person.login?.enabled === true && restored.login?.enabled !== true;
  const close = (login: Login): Login => (isOut ? { ...login, sessionsEndedAt: now } : login);
  if (isEmployee(restored)) {
    ledger.putEmployee({ ...restored, login: close(restored.login), updatedAt: now });
  } else {
    ledger.putContact({ ...restored, login: restored.login && close(restored.login), updatedAt: now });
  }
}

/** What must be looked up before changes can be taken back. */
export function undoKeys(changes: readonly RecordChange[]) {
  const former = changes.flatMap(({ fields }) => fields);
  const texts = (field: string): readonly string[] =>
    former.flatMap((it) => (it.field === field && typeof it.before === 'string' ? [it.before] : []));
  const references = former.filter(({ field }) => referenceFields.has(field)).map(({ before }) => before);
  return {
    personIds: [...new Set(changes.map(({ id }) => id))],
    userIds: [...new Set(texts('directoryUserId'))],
    usernameKeys: [...new Set(texts('username').map(caseKey))],
    addressKeys: [...new Set(texts('loginEmail').map(caseKey))],
    referenceIds: [...new Set(references.filter((id) => typeof id === 'string'))],
  };
}
