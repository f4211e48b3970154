import type { GraphUserFields } from './delta-change.ts';
import type { UserContent } from './directory-user.ts';
import type { JsonObject, JsonValue } from './json.ts';

const enterpriseUser = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

type Attributes = { readonly [name: string]: JsonValue };

/** One value that Graph and the provisioning client both may state, and where the mirror keeps it. */
interface Slot {
  readonly stated: (fields: GraphUserFields) => string | null;
  readonly read: (attributes: Attributes) => string | null;
  readonly write: (attributes: Attributes, value: string | null) => Attributes;
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: JsonValue | undefined): string | null => (typeof value === 'string' ? value : null);

/** Null takes the member away. */
function withMember(object: JsonObject, name: string, value: JsonValue | null): JsonObject {
  const { [name]: _, ...others } = object;
  return value === null ? others : { ...others, [name]: value };
}

const nested = (attributes: Attributes, parent: string): JsonObject => {
  const value = attributes[parent];
  return isObject(value) ? value : {};
};

const plain = (name: string, stated: Slot['stated']): Slot => ({
  stated,
  read: (attributes) => textOf(attributes[name]),
  write: (attributes, value) => withMember(attributes, name, value),
});

const within = (parent: string, name: string, stated: Slot['stated']): Slot => ({
  stated,
  read: (attributes) => textOf(nested(attributes, parent)[name]),
  write: (attributes, value) => {
    const object = withMember(nested(attributes, parent), name, value);
    return withMember(attributes, parent, Object.keys(object).length === 0 ? null : object);
  },
});

/** The element of a type in a multi-valued attribute. */
const element = (list: string, type: string, stated: Slot['stated'], rest: JsonObject = {}): Slot => {
  const elementsOf = (attributes: Attributes): readonly JsonValue[] => {
    const value = attributes[list];
    return Array.isArray(value) ? value : [];
  };
  const isMine = (item: JsonValue): item is JsonObject =>
    isObject(item) && textOf(item['type'])?.toLowerCase() === type;
  return {
    stated,
    read: (attributes) => textOf(elementsOf(attributes).find(isMine)?.['value']),
    write: (attributes, value) => {
      const items = elementsOf(attributes);
      const mine = items.find(isMine);
      const others = items.filter((item) => item !== mine);
      const left = value === null ? others : [...others, { ...rest, ...mine, type, value }];
      return withMember(attributes, list, left.length === 0 ? null : left);
    },
  };
};

const slots: readonly Slot[] = [
  plain('displayName', ({ displayName }) => displayName),
  within('name', 'givenName', ({ givenName }) => givenName),
  within('name', 'familyName', ({ surname }) => surname),
  plain('title', ({ jobTitle }) => jobTitle),
  within(enterpriseUser, 'department', ({ department }) => department),
  element('emails', 'work', ({ mail }) => mail, { primary: true }),
  element('phoneNumbers', 'work', ({ businessPhones }) => businessPhones[0] ?? null),
  element('phoneNumbers', 'mobile', ({ mobilePhone }) => mobilePhone),
  plain('userType', ({ userType }) => userType),
];

/** A user whom only Graph knows. */
export function contentFromGraph(fields: GraphUserFields): UserContent {
  const attributes = slots.reduce<Attributes>((made, slot) => slot.write(made, slot.stated(fields)), {});
  return { userName: fields.userPrincipalName, externalId: null, active: true, attributes };
}

/**
 * A user whom a provisioning client states too. Its administrator may have mapped other values than ours, so that a value
 * follows Graph only where the mirror holds what Graph said before, or nothing.
 */
export function contentBesideClient(
  held: UserContent,
  before: GraphUserFields | null,
  after: GraphUserFields,
): UserContent {
  const attributes = slots.reduce<Attributes>((made, slot) => {
    const [value, current] = [slot.stated(after), slot.read(made)];
    const last = before === null ? null : slot.stated(before);
    const follows = current === last || current === null;
    return value === last || value === current || !follows ? made : slot.write(made, value);
  }, held.attributes);
  const isOurs = before !== null && held.userName.toLowerCase() === before.userPrincipalName.toLowerCase();
  return { ...held, attributes, userName: isOurs ? after.userPrincipalName : held.userName };
}

/** Sign-in is blocked; an unknown state is no block. */
export const isBlocked = ({ accountEnabled }: GraphUserFields): boolean => accountEnabled === false;

/**
 * The user names under which a provisioning client may have sent a user, lower case, the likeliest first: as it is, with
 * the mark of a guest taken out (as Entra does), and the guest's home address.
 */
export function namesOfGraphUser(userPrincipalName: string): readonly string[] {
  const name = userPrincipalName.toLowerCase();
  const guest = /^(.+)#ext#(@.*)?$/.exec(name);
  if (guest === null) return [name];
  const [, local = '', rest = ''] = guest;
  const at = local.lastIndexOf('_');
  const home = at <= 0 ? [] : [`${local.slice(0, at)}@${local.slice(at + 1)}`];
  return [name, `${local}${rest}`, ...home];
}
