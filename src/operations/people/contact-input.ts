import { caseKey } from '../../provisioning/directory-identity.ts';
import type { Contact, ContactEmail, ContactPhone, Login } from '../../provisioning/person.ts';
import { type FieldFaults, patched, patchedText } from '../field-faults.ts';
import type { Place } from './check-references.ts';

export interface ContactEmailInput {
  readonly address: string;
  readonly type?: string;
  readonly isDefault?: boolean;
}

export interface ContactPhoneInput {
  readonly number: string;
  readonly type?: string;
  readonly isDefault?: boolean;
}

/** What an administrator may write of a contact; a member that is absent stays as it is, lists are replaced whole. */
export interface ContactInput {
  readonly accountId?: string;
  readonly accountLocationId?: string | null;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly jobTitle?: string | null;
  readonly emails?: readonly ContactEmailInput[] | null;
  readonly phones?: readonly ContactPhoneInput[] | null;
  readonly hasPortalAccess?: boolean;
  readonly username?: string | null;
  readonly securityRoleId?: string | null;
  readonly status?: 'active' | 'inactive';
}

const usualType = 'Work';

interface Entry {
  readonly isDefault?: boolean;
}

/** Exactly one entry of a list is the default: the marked one, else the first. */
function defaultIndex(entries: readonly Entry[], pointer: string, faults: FieldFaults): number {
  const marked = entries.flatMap((entry, index) => (entry.isDefault === true ? [index] : []));
  for (const index of marked.slice(1)) {
    faults.add(`${pointer}/${index}/isDefault`, 'Only one entry can be the default.');
  }
  return marked[0] ?? 0;
}

function readEmails(given: readonly ContactEmailInput[], faults: FieldFaults): readonly ContactEmail[] {
  const chosen = defaultIndex(given, '/emails', faults);
  const seen = new Set<string>();
  return given.map((email, index) => {
    const address = email.address.trim();
    if (seen.has(caseKey(address))) faults.add(`/emails/${index}/address`, `${address} is listed twice.`);
    seen.add(caseKey(address));
    return { address, type: email.type?.trim() || usualType, isDefault: index === chosen };
  });
}

function readPhones(given: readonly ContactPhoneInput[], faults: FieldFaults): readonly ContactPhone[] {
  const chosen = defaultIndex(given, '/phones', faults);
  return given.map((phone, index) => {
    const number = phone.number.trim();
    if (number === '') faults.add(`/phones/${index}/number`, 'A phone needs a number.');
    return { number, type: phone.type?.trim() || usualType, isDefault: index === chosen };
  });
}

export const defaultAddress = (emails: readonly ContactEmail[]): string | null =>
  emails.find((email) => email.isDefault)?.address ?? null;

/** The contact as the input wants it, still with the login it had. */
export function withContactInput(
  before: Contact,
  input: ContactInput,
  place: Place,
  faults: FieldFaults,
): Contact {
  const status = patched(input.status, before.status);
  const firstName = patched(input.firstName, before.firstName).trim();
  const lastName = patched(input.lastName, before.lastName).trim();
  if (firstName === '') faults.add('/firstName', 'A contact needs a first name.');
  if (lastName === '') faults.add('/lastName', 'A contact needs a last name.');
  return {
    ...before,
    accountId: place.accountId ?? before.accountId,
    accountLocationId: place.accountLocationId ?? before.accountLocationId,
    firstName,
    lastName,
    jobTitle: patchedText(input.jobTitle, before.jobTitle),
    emails: input.emails === undefined ? before.emails : readEmails(input.emails ?? [], faults),
    phones: input.phones === undefined ? before.phones : readPhones(input.phones ?? [], faults),
    hasPortalAccess: patched(input.hasPortalAccess, before.hasPortalAccess),
    securityRoleId: patched(input.securityRoleId, before.securityRoleId),
    status,
    inactivatedBy: status === 'active' ? null : input.status === 'inactive' ? 'human' : before.inactivatedBy,
  };
}

/** The login email follows the default address; one that the directory chose among the others stays. */
function loginEmail(before: Contact, after: Contact): string | null {
  const present = before.login?.email ?? null;
  if (!after.hasPortalAccess) return before.hasPortalAccess ? null : present;
  const isOwnChoice = present !== null && present !== defaultAddress(before.emails);
  const isThere = after.emails.some(
    (email) => present !== null && caseKey(email.address) === caseKey(present),
  );
  return isOwnChoice && isThere ? present : defaultAddress(after.emails);
}

/**
 * The login that goes with the changed contact. It works only with portal access and an active contact; without access
 * it keeps the username for later and leaves the email to whoever logs in with it.
 */
export function portalLogin(
  before: Contact,
  after: Contact,
  username: string | null,
  now: string,
): Login | null {
  if (!after.hasPortalAccess && username === null) return null;
  const enabled = after.hasPortalAccess && after.status === 'active';
  const isOut = before.login?.enabled === true && !enabled;
  return {
    username,
    email: loginEmail(before, after),
    enabled,
    sessionsEndedAt: isOut ? now : (before.login?.sessionsEndedAt ?? null),
  };
}
