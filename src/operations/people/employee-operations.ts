import type { Employee } from '../../provisioning/person.ts';
import type { FieldChange, FieldOrigin } from '../../provisioning/provisioning-event.ts';
import { recordChange } from '../../provisioning/record-change.ts';
import { changedFields, employeeFields } from '../../provisioning/record-diff.ts';
import type { OrganizationContext } from '../context.ts';
import { FieldFaults } from '../field-faults.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import { OperationError } from '../operation-error.ts';
import type { Clock, Identifiers, Stores, UnitOfWork } from '../ports.ts';
import { usableDefaults } from '../rules/employee-defaults-input.ts';
import { usesInWords } from '../uses-in-words.ts';
import { checkEmployeeLists, checkSecurityRole } from './check-references.ts';
import { blankEmployee, type EmployeeInput, newReferences, withEmployeeInput } from './employee-input.ts';
import { actorName, describeDeletion, describeLocalEdit, manualEvents } from './manual-events.ts';
import type {
  EmployeeView,
  LockedEmployee,
  LockScope,
  PeopleFilter,
  ReferenceFacts,
} from './people-ports.ts';
import { heldByRelations, requireAdministrable, requireArchivedKept } from './protected-employee.ts';
import { settleDeleted, settleLockedOut } from './settle-holds.ts';
import { deriveUsername, requireFreeLogin } from './take-login.ts';

export interface EmployeeOperations {
  readonly list: (
    context: OrganizationContext,
    filter: PeopleFilter<Employee['status']>,
    page: PageRequest,
  ) => Promise<Page<EmployeeView>>;
  readonly get: (context: OrganizationContext, id: string) => Promise<EmployeeView>;
  readonly create: (context: OrganizationContext, input: EmployeeInput) => Promise<EmployeeView>;
  readonly change: (context: OrganizationContext, id: string, input: EmployeeInput) => Promise<EmployeeView>;
  readonly delete: (context: OrganizationContext, id: string) => Promise<void>;
}

export interface PeopleDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
}

export function makeEmployeeOperations(dependencies: PeopleDependencies): EmployeeOperations {
  const { unitOfWork, clock, identifiers } = dependencies;
  return {
    list: (context, filter, page) =>
      unitOfWork.read(context, (stores) => stores.employees.list(filter, page)),
    get: (context, id) =>
      unitOfWork.read(context, async (stores) => found(await stores.employees.get(id), id)),
    create: (context, input) =>
      unitOfWork.write(context, 'shared', (stores) =>
        createEmployee(stores, context, input, { id: identifiers.next(), now: clock.now() }),
      ),
    change: (context, id, input) =>
      unitOfWork.write(context, 'shared', async (stores) => {
        const locked = found(await stores.employees.lock(id, lockScopeOf(input)), id);
        return changeEmployee(stores, context, locked, input, clock.now());
      }),
    delete: (context, id) =>
      unitOfWork.write(context, 'shared', async (stores) => {
        const locked = found(await stores.employees.lock(id, 'withAdministrators'), id);
        await deleteEmployee(stores, context, locked, clock.now());
        await settleDeleted(stores, context, locked.view.employee, dependencies);
      }),
  };
}

function found<Value>(value: Value | null, id: string): Value {
  if (value === null) throw new OperationError('not-found', `There is no employee ${id}.`);
  return value;
}

/** Only these can take an administrator away. */
const lockScopeOf = (input: EmployeeInput): LockScope =>
  input.status !== undefined || input.loginEnabled !== undefined || input.securityRoleId !== undefined
    ? 'withAdministrators'
    : 'alone';

async function checkInput(
  stores: Stores,
  before: Employee,
  input: EmployeeInput,
  faults: FieldFaults,
): Promise<ReferenceFacts> {
  const ids = newReferences(before, input);
  const facts = await stores.lookups.references(ids);
  checkEmployeeLists({ ids, facts, faults, base: '' });
  checkSecurityRole({ ids, facts, faults, base: '' }, 'internal');
  faults.raise();
  return facts;
}

interface Birth {
  readonly id: string;
  readonly now: string;
}

async function createEmployee(
  stores: Stores,
  context: OrganizationContext,
  given: EmployeeInput,
  { id, now }: Birth,
): Promise<EmployeeView> {
  const faults = new FieldFaults();
  const defaults = await stores.employeeDefaults.get();
  const input = given.username === undefined ? await withDerivedUsername(stores, given, id, faults) : given;
  const blank = blankEmployee(id, now, await usableDefaults(stores, defaults.value));
  const employee = withEmployeeInput(blank, input, now, faults);
  await checkInput(stores, blank, input, faults);
  const { username, email } = employee.login;
  await requireFreeLogin(stores, { personId: id, username, email, emailPointer: '/email' });
  await stores.people.apply({ jobTitles: [], employees: [employee], contacts: [] });
  const brought = new Set(Object.keys(input));
  const originOf = (field: string): FieldOrigin =>
    brought.has(field) || !(field in defaults.value) ? 'local' : 'default';
  await stores.events.append(manualEvents(context, null), now, [
    {
      directoryUserId: null,
      employeeId: id,
      contactId: null,
      action: 'created',
      reason: `Created by hand (${actorName(context)}).`,
      winningRuleId: null,
      changes: changedFields(null, employeeFields(employee), originOf),
      records: [recordChange(null, employee)],
    },
  ]);
  return found(await stores.employees.get(id), id);
}

async function withDerivedUsername(
  stores: Stores,
  input: EmployeeInput,
  id: string,
  faults: FieldFaults,
): Promise<EmployeeInput> {
  if (input.email == null) {
    faults.add('/username', 'An employee needs a username, or an email to make one from.');
    return input;
  }
  return { ...input, username: await deriveUsername(stores, input.email.trim(), id) };
}

async function changeEmployee(
  stores: Stores,
  context: OrganizationContext,
  locked: LockedEmployee,
  input: EmployeeInput,
  now: string,
): Promise<EmployeeView> {
  const { employee: before } = locked.view;
  const faults = new FieldFaults();
  const after = withEmployeeInput(before, input, now, faults);
  requireArchivedKept(locked, after, input);
  const facts = await checkInput(stores, before, input, faults);
  const changes = localChanges(before, after);
  if (changes.length === 0) return locked.view;
  requireAdministrable(locked, lossOf(before, after, facts));
  await requireFreeLogin(stores, {
    personId: before.id,
    username: changed(before.login.username, after.login.username),
    email: changed(before.login.email, after.login.email),
    emailPointer: '/email',
  });
  await stores.people.apply({ jobTitles: [], employees: [{ ...after, updatedAt: now }], contacts: [] });
  if (before.login.enabled && !after.login.enabled) await settleLockedOut(stores, before, now);
  const events = describeLocalEdit({
    before: { isActive: before.status === 'active', isEnabled: before.login.enabled },
    after: { isActive: after.status === 'active', isEnabled: after.login.enabled },
    changes,
    subject: subjectOf(before),
    by: actorName(context),
    record: recordChange(before, after),
  });
  await stores.events.append(manualEvents(context, locked.view.connectionId), now, events);
  return found(await stores.employees.get(before.id), before.id);
}

const changed = (before: string | null, after: string | null): string | null =>
  before === after ? null : after;

const subjectOf = (employee: Employee) => ({
  directoryUserId: employee.directoryUserId,
  employeeId: employee.id,
  contactId: null,
  winningRuleId: employee.winningRuleId,
});

/** Visible changes, and who keeps an inactive employee inactive: that decides whether the sync may activate it. */
function localChanges(before: Employee, after: Employee): readonly FieldChange[] {
  const visible = changedFields(employeeFields(before), employeeFields(after), () => 'local');
  const isTakenOver = before.status === after.status && before.inactivatedBy !== after.inactivatedBy;
  if (!isTakenOver) return visible;
  const takeover: FieldChange = {
    field: 'inactivatedBy',
    before: before.inactivatedBy,
    after: after.inactivatedBy,
    origin: 'local',
  };
  return [...visible, takeover];
}

function lossOf(before: Employee, after: Employee, facts: ReferenceFacts) {
  const isDemoted =
    before.securityRoleId !== after.securityRoleId && facts.securityRole?.isAdministrator !== true;
  return {
    login: after.status !== 'active' || (before.login.enabled && !after.login.enabled),
    administration: isDemoted,
  };
}

async function deleteEmployee(
  stores: Stores,
  context: OrganizationContext,
  locked: LockedEmployee,
  now: string,
): Promise<void> {
  const { employee, relations, connectionId } = locked.view;
  requireAdministrable(locked, { login: true, administration: true });
  if (relations.length > 0) throw heldByRelations('The employee cannot be deleted', relations);
  await requireNoManager(stores, employee.id);
  await stores.employees.delete(employee);
  await stores.events.append(manualEvents(context, connectionId), now, [
    describeDeletion(employee, {
      subject: subjectOf(employee),
      fields: employeeFields(employee),
      by: actorName(context),
    }),
  ]);
}

/** Somebody else's manager cannot go before there is another one. */
async function requireNoManager(stores: Stores, id: string): Promise<void> {
  const uses = await stores.employees.managerUses(id);
  const blockers = Object.entries(uses).flatMap(([kind, count]) => (count > 0 ? [{ kind, count }] : []));
  if (blockers.length === 0) return;
  throw new OperationError(
    'conflict',
    `The employee cannot be deleted: it is the manager named by ${usesInWords(blockers)}. Name another one there first.`,
    { blockers },
  );
}
