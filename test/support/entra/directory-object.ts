export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/**
 * What has ever been set. A property that was set and cleared is null; one that was never set is not there at all,
 * and delta answers leave it out.
 */
export type Properties = Readonly<Record<string, Json | undefined>>;

export type ObjectType = 'user' | 'group';

export interface DirectoryObject {
  readonly id: string;
  readonly type: ObjectType;
  readonly properties: Properties;
  /** Time of the soft delete, while in the recycle bin. */
  readonly deletedAt: number | null;
}

/** Returned when a request selects nothing. */
export const DEFAULT_PROPERTIES: Readonly<Record<ObjectType, readonly string[]>> = {
  user: [
    'businessPhones',
    'displayName',
    'givenName',
    'id',
    'jobTitle',
    'mail',
    'mobilePhone',
    'officeLocation',
    'preferredLanguage',
    'surname',
    'userPrincipalName',
  ],
  group: [
    'id',
    'deletedDateTime',
    'createdDateTime',
    'description',
    'displayName',
    'groupTypes',
    'isAssignableToRole',
    'mail',
    'mailEnabled',
    'mailNickname',
    'membershipRule',
    'onPremisesSyncEnabled',
    'securityEnabled',
    'visibility',
  ],
};

/** Returned only when selected by name. */
const ON_REQUEST: Readonly<Record<ObjectType, readonly string[]>> = {
  user: [
    'accountEnabled',
    'city',
    'companyName',
    'country',
    'createdDateTime',
    'creationType',
    'deletedDateTime',
    'department',
    'employeeId',
    'externalUserState',
    'faxNumber',
    'identities',
    'mailNickname',
    'onPremisesImmutableId',
    'onPremisesSyncEnabled',
    'onPremisesUserPrincipalName',
    'otherMails',
    'postalCode',
    'proxyAddresses',
    'securityIdentifier',
    'state',
    'streetAddress',
    'usageLocation',
    'userType',
  ],
  group: ['membershipRuleProcessingState', 'proxyAddresses', 'securityIdentifier', 'uniqueName'],
};

export const KNOWN_PROPERTIES: Readonly<Record<ObjectType, ReadonlySet<string>>> = {
  user: new Set([...DEFAULT_PROPERTIES.user, ...ON_REQUEST.user]),
  group: new Set([...DEFAULT_PROPERTIES.group, ...ON_REQUEST.group]),
};

/** An empty collection is never null in an answer. */
export const COLLECTIONS: ReadonlySet<string> = new Set([
  'businessPhones',
  'groupTypes',
  'identities',
  'otherMails',
  'proxyAddresses',
]);

export function odataType(type: ObjectType): string {
  return `#microsoft.graph.${type}`;
}
