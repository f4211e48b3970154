import { type Candidate, explain } from '../../mapping/explain.ts';
import type { MappingRule } from '../../mapping/mapping-rule.ts';
import { identify } from '../../provisioning/directory-identity.ts';
import { explainContact, explainEmployee, type FieldExplanation } from '../../provisioning/explain-fields.ts';
import type { HeldCause } from '../../provisioning/held-change.ts';
import type { OrganizationContext } from '../context.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import { OperationError } from '../operation-error.ts';
import type { Stores, UnitOfWork } from '../ports.ts';
import {
  type DirectoryFilter,
  type DirectoryGroupView,
  type DirectoryUserView,
  type EventFilter,
  everyEvent,
  type ProvisioningEvent,
} from './directory-ports.ts';

export type ExplainedOutcome = 'employee' | 'clientPortal' | 'noRule' | 'inactive' | 'held' | 'conflict';

/** Why a directory user became what it is. */
export interface Explanation {
  readonly outcome: ExplainedOutcome;
  readonly winner: MappingRule | null;
  readonly candidates: readonly Candidate[];
  readonly fields: readonly FieldExplanation[];
  /** Newest first. */
  readonly lastEvents: readonly ProvisioningEvent[];
}

/** What administrators read of the mirror and of the provisioning log. */
export interface DirectoryOperations {
  readonly listUsers: (
    context: OrganizationContext,
    filter: DirectoryFilter,
    page: PageRequest,
  ) => Promise<Page<DirectoryUserView>>;
  readonly getUser: (context: OrganizationContext, id: string) => Promise<DirectoryUserView>;
  readonly explainUser: (context: OrganizationContext, id: string) => Promise<Explanation>;
  readonly listGroups: (
    context: OrganizationContext,
    filter: DirectoryFilter,
    page: PageRequest,
  ) => Promise<Page<DirectoryGroupView>>;
  readonly getGroup: (context: OrganizationContext, id: string) => Promise<DirectoryGroupView>;
  readonly listEvents: (
    context: OrganizationContext,
    filter: EventFilter,
    page: PageRequest,
  ) => Promise<Page<ProvisioningEvent>>;
}

const shownEvents = 20;

export function makeDirectoryOperations(unitOfWork: UnitOfWork): DirectoryOperations {
  return {
    listUsers: (context, filter, page) =>
      unitOfWork.read(context, (stores) => stores.directory.listUsers(filter, page)),
    getUser: (context, id) => unitOfWork.read(context, (stores) => requireUser(stores, id)),
    explainUser: (context, id) =>
      unitOfWork.read(context, async (stores) => explainUser(stores, await requireUser(stores, id))),
    listGroups: (context, filter, page) =>
      unitOfWork.read(context, (stores) => stores.directory.listGroups(filter, page)),
    getGroup: (context, id) =>
      unitOfWork.read(context, async (stores) => {
        const group = await stores.directory.getGroup(id);
        if (group === null) throw new OperationError('not-found', `There is no directory group ${id}.`);
        return group;
      }),
    listEvents: (context, filter, page) =>
      unitOfWork.read(context, (stores) => stores.eventLog.list(filter, page)),
  };
}

async function requireUser(stores: Stores, id: string): Promise<DirectoryUserView> {
  const view = await stores.directory.getUser(id);
  if (view === null) throw new OperationError('not-found', `There is no directory user ${id}.`);
  return view;
}

async function explainUser(stores: Stores, view: DirectoryUserView): Promise<Explanation> {
  const { id, connectionId } = view.user;
  const rules = await stores.mappingRules.ofConnection(connectionId);
  const { winner, candidates } = explain(rules, await stores.mappingRules.memberRuleIds(id));
  const { items: lastEvents } = await stores.eventLog.list(
    { ...everyEvent, directoryUserId: id },
    { after: null, limit: shownEvents },
  );
  return {
    outcome: outcomeOf(view, winner, await stores.heldChanges.waitingCauseOf(id)),
    winner,
    candidates,
    fields: await explainFields(stores, view, winner),
    lastEvents,
  };
}

/** As the directory and the rules want it, unless something about the user waits for an administrator. */
function outcomeOf(
  { user }: DirectoryUserView,
  winner: MappingRule | null,
  waiting: HeldCause | null,
): ExplainedOutcome {
  if (waiting !== null) return waiting === 'conflict' ? 'conflict' : 'held';
  if (!user.active || user.deletedAt !== null) return 'inactive';
  return winner === null ? 'noRule' : winner.userType;
}

/** The record the user is now: the employee, else the contact; nothing when the mirror alone knows the user. */
async function explainFields(
  stores: Stores,
  { user, employeeId, contactId }: DirectoryUserView,
  rule: MappingRule | null,
): Promise<readonly FieldExplanation[]> {
  if (employeeId === null && contactId === null) return [];
  const connection = await stores.connections.get(user.connectionId);
  const sources = {
    identity: identify(user, null, connection?.emailSource ?? 'auto'),
    rule,
    defaults: (await stores.employeeDefaults.get()).value,
    defaultPhoneType: (await stores.settings.get()).value.defaultPhoneType,
  };
  if (employeeId !== null) {
    const view = await stores.employees.get(employeeId);
    return view === null ? [] : explainEmployee(view.employee, { ...sources, jobTitle: view.jobTitle });
  }
  const view = contactId === null ? null : await stores.contacts.get(contactId);
  return view === null ? [] : explainContact(view.contact, { ...sources, jobTitle: null });
}
