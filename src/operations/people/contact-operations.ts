import { blankContact } from '../../provisioning/contact-values.ts';
import type { Contact } from '../../provisioning/person.ts';
import type { FieldChange } from '../../provisioning/provisioning-event.ts';
import { recordChange } from '../../provisioning/record-change.ts';
import { changedFields, contactFields } from '../../provisioning/record-diff.ts';
import type { OrganizationContext } from '../context.ts';
import { FieldFaults, patchedText } from '../field-faults.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import { OperationError } from '../operation-error.ts';
import type { Stores } from '../ports.ts';
import { checkPlace, checkSecurityRole, noReferences, type Place } from './check-references.ts';
import { type ContactInput, defaultAddress, portalLogin, withContactInput } from './contact-input.ts';
import type { PeopleDependencies } from './employee-operations.ts';
import { actorName, describeDeletion, describeLocalEdit, manualEvents } from './manual-events.ts';
import type { ContactView, PeopleFilter } from './people-ports.ts';
import { heldByRelations } from './protected-employee.ts';
import { settleDeleted, settleLockedOut } from './settle-holds.ts';
import { deriveUsername, requireFreeLogin } from './take-login.ts';

export interface ContactOperations {
  readonly list: (
    context: OrganizationContext,
    filter: PeopleFilter<Contact['status']>,
    page: PageRequest,
  ) => Promise<Page<ContactView>>;
  readonly get: (context: OrganizationContext, id: string) => Promise<ContactView>;
  readonly create: (context: OrganizationContext, input: ContactInput) => Promise<ContactView>;
  readonly change: (context: OrganizationContext, id: string, input: ContactInput) => Promise<ContactView>;
  readonly delete: (context: OrganizationContext, id: string) => Promise<void>;
}

export function makeContactOperations(dependencies: PeopleDependencies): ContactOperations {
  const { unitOfWork, clock, identifiers } = dependencies;
  return {
    list: (context, filter, page) => unitOfWork.read(context, (stores) => stores.contacts.list(filter, page)),
    get: (context, id) =>
      unitOfWork.read(context, async (stores) => found(await stores.contacts.get(id), id)),
    create: (context, input) =>
      unitOfWork.write(context, 'shared', (stores) =>
        createContact(stores, context, blankContact(identifiers.next(), clock.now()), input),
      ),
    change: (context, id, input) =>
      unitOfWork.write(context, 'shared', async (stores) => {
        const locked = found(await stores.contacts.lock(id), id);
        return changeContact(stores, context, locked, input, clock.now());
      }),
    delete: (context, id) =>
      unitOfWork.write(context, 'shared', async (stores) => {
        const locked = found(await stores.contacts.lock(id), id);
        await deleteContact(stores, context, locked, clock.now());
        await settleDeleted(stores, context, locked.contact, dependencies);
      }),
  };
}

function found(view: ContactView | null, id: string): ContactView {
  if (view === null) throw new OperationError('not-found', `There is no contact ${id}.`);
  return view;
}

/** The contact as the input wants it, checked and with its login. */
async function prepare(stores: Stores, before: Contact, input: ContactInput, now: string): Promise<Contact> {
  const faults = new FieldFaults();
  const place = await checkInput(stores, before, input, faults);
  const after = withContactInput(before, input, place, faults);
  const chosen = patchedText(input.username, before.login?.username ?? null);
  const address = defaultAddress(after.emails);
  const isNameless = after.hasPortalAccess && chosen === null;
  if (after.hasPortalAccess && after.securityRoleId === null) {
    faults.add('/securityRoleId', 'Portal access needs an external security role.');
  }
  if (isNameless && address === null) {
    faults.add('/username', 'Portal access needs a username, or an email to make one from.');
  }
  faults.raise();
  const username = isNameless && address !== null ? await deriveUsername(stores, address, before.id) : chosen;
  const login = portalLogin(before, after, username, now);
  await requireFreeLogin(stores, {
    personId: before.id,
    username: changed(before.login?.username, login?.username),
    email: changed(before.login?.email, login?.email),
    emailPointer: `/emails/${Math.max(
      0,
      after.emails.findIndex((email) => email.address === login?.email),
    )}/address`,
  });
  return { ...after, login };
}

const changed = (before: string | null | undefined, after: string | null | undefined): string | null =>
  after == null || after === before ? null : after;

/** Only what the input newly points at is questioned; a new account brings its own location. */
async function checkInput(
  stores: Stores,
  before: Contact,
  input: ContactInput,
  faults: FieldFaults,
): Promise<Place> {
  const accountId = input.accountId ?? before.accountId;
  const isMoved = accountId !== before.accountId || input.accountLocationId !== undefined;
  const isOtherRole = input.securityRoleId != null && input.securityRoleId !== before.securityRoleId;
  // Portal access that is granted now must not rest on a role that has been switched off meanwhile.
  const isGranted = input.hasPortalAccess === true && !before.hasPortalAccess;
  const roleId = isOtherRole ? input.securityRoleId : isGranted ? before.securityRoleId : null;
  const ids = {
    ...noReferences,
    accountId: isMoved ? accountId : null,
    accountLocationId: isMoved ? (input.accountLocationId ?? null) : null,
    securityRoleId: roleId ?? null,
  };
  const facts = await stores.lookups.references(ids);
  checkSecurityRole({ ids, facts, faults, base: '' }, 'external');
  return checkPlace({ ids, facts, faults, base: '' });
}

async function createContact(
  stores: Stores,
  context: OrganizationContext,
  blank: Contact,
  input: ContactInput,
): Promise<ContactView> {
  const contact = await prepare(stores, blank, input, blank.createdAt);
  await stores.people.apply({ jobTitles: [], employees: [], contacts: [contact] });
  await stores.events.append(manualEvents(context, null), blank.createdAt, [
    {
      ...subjectOf(contact),
      action: 'created',
      reason: `Created by hand (${actorName(context)}).`,
      changes: changedFields(null, contactFields(contact), () => 'local'),
      records: [recordChange(null, contact)],
    },
  ]);
  return found(await stores.contacts.get(contact.id), contact.id);
}

async function changeContact(
  stores: Stores,
  context: OrganizationContext,
  locked: ContactView,
  input: ContactInput,
  now: string,
): Promise<ContactView> {
  const { contact: before, connectionId } = locked;
  const after = await prepare(stores, before, input, now);
  const changes = localChanges(before, after);
  if (changes.length === 0) return locked;
  await stores.people.apply({ jobTitles: [], employees: [], contacts: [{ ...after, updatedAt: now }] });
  if (accessOf(before).isEnabled && !accessOf(after).isEnabled) await settleLockedOut(stores, before, now);
  const events = describeLocalEdit({
    before: accessOf(before),
    after: accessOf(after),
    changes,
    subject: subjectOf(before),
    by: actorName(context),
    record: recordChange(before, after),
  });
  await stores.events.append(manualEvents(context, connectionId), now, events);
  return found(await stores.contacts.get(before.id), before.id);
}

const accessOf = (contact: Contact) => ({
  isActive: contact.status === 'active',
  isEnabled: contact.login?.enabled ?? false,
});

const subjectOf = (contact: Contact) => ({
  directoryUserId: contact.directoryUserId,
  employeeId: null,
  contactId: contact.id,
  winningRuleId: contact.winningRuleId,
});

const defaultNumber = (contact: Contact): string | null =>
  contact.phones.find((phone) => phone.isDefault)?.number ?? null;

/** Visible changes; without any, what else decides: the choice of defaults, and who keeps the contact inactive. */
function localChanges(before: Contact, after: Contact): readonly FieldChange[] {
  const visible = changedFields(contactFields(before), contactFields(after), () => 'local');
  if (visible.length > 0) return visible;
  const hidden = (contact: Contact) => ({
    defaultEmail: defaultAddress(contact.emails),
    defaultPhone: defaultNumber(contact),
    inactivatedBy: contact.inactivatedBy,
  });
  return changedFields(hidden(before), hidden(after), () => 'local');
}

async function deleteContact(
  stores: Stores,
  context: OrganizationContext,
  { contact, connectionId }: ContactView,
  now: string,
): Promise<void> {
  const held = await stores.relations.list(
    { employeeId: null, contactId: contact.id },
    { after: null, limit: 100 },
  );
  if (held.items.length > 0) {
    const relations = held.items.map(({ id, kind, reference }) => ({ id, kind, reference }));
    throw heldByRelations('The contact cannot be deleted', relations);
  }
  await stores.contacts.delete(contact.id);
  await stores.events.append(manualEvents(context, connectionId), now, [
    describeDeletion(contact, {
      subject: subjectOf(contact),
      fields: contactFields(contact),
      by: actorName(context),
    }),
  ]);
}
