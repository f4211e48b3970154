import type { UserContent } from '../directory/directory-user.ts';
import type { JsonObject, JsonValue } from '../directory/json.ts';
import type { EmailSource } from './settings.ts';

/** The mapped values of a directory user (REQ-19 to REQ-26); null where the directory has none. */
export interface DirectoryIdentity {
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly displayName: string | null;
  /** The userName as a person would type it: tombstone prefix and guest form resolved. */
  readonly loginName: string;
  readonly email: string | null;
  readonly officePhone: string | null;
  readonly jobTitle: string | null;
}

// Entra frees the name of a recycled user by prefixing the object id, 32 hex digits without dashes (D-04).
const tombstone = /^[0-9a-f]{32}(?=.)/i;

const isText = (value: JsonValue | undefined): value is string =>
  typeof value === 'string' && value.trim() !== '';
const text = (value: JsonValue | undefined): string | null => (isText(value) ? value.trim() : null);
const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a text can be an email address for matching: one `@` with something on both sides and no white space. */
const isAddress = (value: string): boolean => /^[^\s@]+@[^\s@]+$/.test(value);

/** Compares addresses, usernames and list names without regard to case (REQ-07). */
export const caseKey = (value: string): string => value.trim().toLowerCase();

/**
 * The login form of a userName. A tombstone is recognised on an inactive user, or when what follows the prefix is the
 * name the user had before. Guests (`home_domain#EXT#@tenant`) become their home address.
 */
export function loginNameOf(user: UserContent, previous: UserContent | null): string {
  const bare = user.userName.trim().replace(tombstone, '');
  const isTombstone =
    bare !== user.userName.trim() &&
    (!user.active ||
      (previous !== null && caseKey(previous.userName).replace(tombstone, '') === caseKey(bare)));
  return homeAddress(isTombstone ? bare : user.userName.trim());
}

function homeAddress(userName: string): string {
  const guest = /^(.+)#ext#/i.exec(userName)?.[1];
  if (guest === undefined) return userName;
  const at = guest.lastIndexOf('_');
  return at <= 0 || at === guest.length - 1 ? guest : `${guest.slice(0, at)}@${guest.slice(at + 1)}`;
}

/** Elements of a multi-valued attribute, as far as they are objects. */
function elements(user: UserContent, attribute: string): readonly JsonObject[] {
  const value = user.attributes[attribute];
  return Array.isArray(value)
    ? value.filter((element: JsonValue): element is JsonObject => isObject(element))
    : [];
}

const ofType = (list: readonly JsonObject[], type: string): JsonObject | undefined =>
  list.find((element) => typeof element['type'] === 'string' && caseKey(element['type']) === type);

/**
 * The user name when it is an address, else the work address, else the first one. Where the mail comes first it is the work
 * address, else the primary one, else the first.
 */
function emailOf(user: UserContent, loginName: string, source: EmailSource): string | null {
  const principal = isAddress(loginName) ? loginName : null;
  const emails = elements(user, 'emails').filter(
    (email) => isText(email['value']) && isAddress(email['value'].trim()),
  );
  const [first] = emails;
  const work = ofType(emails, 'work');
  if (source !== 'mail') return principal ?? text((work ?? first)?.['value']);
  const mail = work ?? emails.find((email) => email['primary'] === true) ?? first;
  return text(mail?.['value']) ?? principal;
}

/** Office phone: the one of type work, else the only one without a type (clients that send no types). */
function officePhoneOf(user: UserContent): string | null {
  const phones = elements(user, 'phoneNumbers').filter((phone) => isText(phone['value']));
  const chosen = ofType(phones, 'work') ?? phones.find((phone) => !isText(phone['type']));
  return text(chosen?.['value']);
}

/** The mapped values of a user; nothing else of the directory record is consumed (REQ-18). */
export function identify(
  user: UserContent,
  previous: UserContent | null,
  source: EmailSource,
): DirectoryIdentity {
  const name = isObject(user.attributes['name']) ? user.attributes['name'] : {};
  const loginName = loginNameOf(user, previous);
  return {
    firstName: text(name['givenName']),
    lastName: text(name['familyName']),
    displayName: text(user.attributes['displayName']),
    loginName,
    email: emailOf(user, loginName, source),
    officePhone: officePhoneOf(user),
    jobTitle: text(user.attributes['title']),
  };
}

/** Every address the person could be matched by, whatever the connection's email source is; lower case. */
export function addressKeysOf(user: UserContent, previous: UserContent | null): readonly string[] {
  const loginName = loginNameOf(user, previous);
  const addresses = [emailOf(user, loginName, 'userPrincipalName'), emailOf(user, loginName, 'mail')];
  return [...new Set(addresses.filter((address) => address !== null).map(caseKey))];
}

/** First and last name for a new record: a PSA person has both, a directory user may have neither. */
export function personNames(identity: DirectoryIdentity): {
  readonly firstName: string;
  readonly lastName: string;
} {
  const display = identity.displayName ?? localPart(identity.loginName);
  const space = display.lastIndexOf(' ');
  const [first, last] = space > 0 ? [display.slice(0, space), display.slice(space + 1)] : [display, display];
  return { firstName: identity.firstName ?? first, lastName: identity.lastName ?? last };
}

/** The part of a login name before `@`; the whole name when it is no address (REQ-26). */
export function localPart(loginName: string): string {
  const at = loginName.indexOf('@');
  return at > 0 ? loginName.slice(0, at) : loginName;
}
