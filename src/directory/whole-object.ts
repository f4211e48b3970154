import type { GraphGroupFields, GraphUserFields } from './delta-change.ts';

const emptyUser: Omit<GraphUserFields, 'userPrincipalName'> = {
  displayName: null,
  givenName: null,
  surname: null,
  mail: null,
  jobTitle: null,
  department: null,
  mobilePhone: null,
  businessPhones: [],
  accountEnabled: null,
  userType: null,
  identities: [],
};

const emptyGroup: Omit<GraphGroupFields, 'displayName'> = {
  createdDateTime: null,
  securityEnabled: null,
  groupTypes: [],
};

/**
 * All fields of a user whom the rows tell for the first time: what they leave out is empty. Null when they do not even hold
 * the name that every user has, so that they cannot be all there is; then the user has to be read by itself.
 */
export function wholeUser({
  userPrincipalName,
  ...fields
}: Partial<GraphUserFields>): GraphUserFields | null {
  return userPrincipalName === undefined ? null : { ...emptyUser, ...fields, userPrincipalName };
}

/** Likewise for a group. */
export function wholeGroup({ displayName, ...fields }: Partial<GraphGroupFields>): GraphGroupFields | null {
  return displayName === undefined ? null : { ...emptyGroup, ...fields, displayName };
}
