import type { Subject } from './case.ts';
import { caseKey } from './directory-identity.ts';
import { directoryLogin, isCleared } from './employee-values.ts';
import type { Ledger } from './ledger.ts';
import type { Contact, ContactEmail, ContactPhone, Login } from './person.ts';

const emailType = 'Work';

/** The directory's address in the list: replaces the one it gave before, otherwise joins as one more (REQ-22). */
function withAddress(
  emails: readonly ContactEmail[],
  address: string | null,
  previous: string | null,
): readonly ContactEmail[] {
  if (address === null || emails.some((email) => caseKey(email.address) === caseKey(address))) return emails;
  const replaced =
    previous === null ? -1 : emails.findIndex((email) => caseKey(email.address) === caseKey(previous));
  if (replaced >= 0)
    return emails.map((email, index) => (index === replaced ? { ...email, address } : email));
  return [...emails, { address, type: emailType, isDefault: emails.length === 0 }];
}

/**
 * The office phone under the configured type; phones of other types stay (REQ-24, A-10). What the directory gave before,
 * under the type that was configured then, is moved, or it would stay for ever.
 */
function withOfficePhone(
  phones: readonly ContactPhone[],
  number: string | null,
  previous: string | null,
  type: string,
): readonly ContactPhone[] {
  const cleared = isCleared(previous, number);
  const filed = phones.findIndex((phone) => caseKey(phone.type) === caseKey(type));
  const ours = filed >= 0 ? filed : phones.findIndex((phone) => phone.number === previous);
  if (number === null) return cleared && ours >= 0 ? phones.filter((_, index) => index !== ours) : phones;
  if (ours < 0) return [...phones, { number, type, isDefault: phones.length === 0 }];
  return phones.map((phone, index) =>
    index === ours ? { ...phone, number, type: filed >= 0 ? phone.type : type } : phone,
  );
}

/** Mapped fields of the directory over the contact (REQ-15, REQ-17, REQ-19 to REQ-25). */
export function withContactFields(contact: Contact, subject: Subject, ledger: Ledger): Contact {
  const { identity, previousIdentity } = subject;
  const titleCleared = isCleared(previousIdentity?.jobTitle, identity.jobTitle);
  return {
    ...contact,
    firstName: identity.firstName ?? contact.firstName,
    lastName: identity.lastName ?? contact.lastName,
    jobTitle: identity.jobTitle ?? (titleCleared ? null : contact.jobTitle),
    emails: withAddress(contact.emails, identity.email, previousIdentity?.email ?? null),
    phones: withOfficePhone(
      contact.phones,
      identity.officePhone,
      previousIdentity?.officePhone ?? null,
      ledger.facts.settings.defaultPhoneType,
    ),
    login: contact.login === null ? null : directoryLogin(subject, ledger, contact.id, contact.login),
  };
}

/** A portal login for a contact that has none, with the best free username. */
export function newPortalLogin(subject: Subject, ledger: Ledger, contactId: string): Login {
  return directoryLogin(subject, ledger, contactId, {
    username: null,
    email: null,
    enabled: false,
    sessionsEndedAt: null,
  });
}

/** A contact that does not exist yet; names and account are still to be filled in. */
export function blankContact(id: string, now: string): Contact {
  return {
    id,
    accountId: '',
    accountLocationId: '',
    firstName: '',
    lastName: '',
    jobTitle: null,
    emails: [],
    phones: [],
    hasPortalAccess: false,
    securityRoleId: null,
    status: 'active',
    inactivatedBy: null,
    directoryUserId: null,
    winningRuleId: null,
    governed: false,
    createdAt: now,
    updatedAt: now,
    login: null,
  };
}
