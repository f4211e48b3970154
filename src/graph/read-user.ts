import type { GraphIdentity, GraphUserFields, UserChange } from '../directory/delta-change.ts';
import { wholeUser } from '../directory/whole-object.ts';
import type { GraphUser } from '../operations/tenants/graph-ports.ts';
import { withoutProperties } from './graph-failure.ts';
import {
  type Fields,
  has,
  readFields,
  readList,
  readObjectId,
  readOptionalBoolean,
  readOptionalText,
  readText,
  readTexts,
  unexpected,
} from './read-json.ts';
import { readRemovalReason } from './read-removal.ts';

/** Changes of other properties are not reported. Another selection needs another cursor: move `USER_SELECTION`. */
export const USER_SELECT =
  'id,userPrincipalName,displayName,givenName,surname,mail,jobTitle,department,mobilePhone,businessPhones,' +
  'accountEnabled,userType,identities';
export const USER_SELECTION = 'users-1';
export const USER_PERMISSION = 'User.Read.All';

const optionalTexts = [
  'displayName',
  'givenName',
  'surname',
  'mail',
  'jobTitle',
  'department',
  'mobilePhone',
  'userType',
] as const;

/** What the row says; a property that it does not mention is unchanged. */
function readUserFields(row: Fields): Partial<GraphUserFields> {
  // Every user has one. Null stands for "you may not see this", and must not empty a person.
  if (has(row, 'userPrincipalName') && row.userPrincipalName === null) {
    throw withoutProperties('users', USER_PERMISSION);
  }
  const texts = Object.fromEntries(
    optionalTexts.filter((name) => has(row, name)).map((name) => [name, readOptionalText(row, name)]),
  );
  return {
    ...texts,
    ...(has(row, 'userPrincipalName') ? { userPrincipalName: readText(row, 'userPrincipalName') } : {}),
    ...(has(row, 'businessPhones') ? { businessPhones: readTexts(row, 'businessPhones') } : {}),
    ...(has(row, 'accountEnabled') ? { accountEnabled: readOptionalBoolean(row, 'accountEnabled') } : {}),
    ...(has(row, 'identities') ? { identities: readIdentities(row) } : {}),
  };
}

function readIdentities(row: Fields): readonly GraphIdentity[] {
  if (row.identities === null) return [];
  return readList(row.identities, 'identities').map((item) => {
    const identity = readFields(item, 'an identity');
    return {
      signInType: readOptionalText(identity, 'signInType'),
      issuer: readOptionalText(identity, 'issuer'),
      issuerAssignedId: readOptionalText(identity, 'issuerAssignedId'),
    };
  });
}

export function readUserChange(row: Fields): UserChange {
  const objectId = readObjectId(row);
  const reason = readRemovalReason(row);
  return reason === null
    ? { kind: 'user', objectId, fields: readUserFields(row) }
    : { kind: 'userRemoved', objectId, reason };
}

/** A user that was read as a whole: what the answer leaves out is empty. */
export function readWholeUser(row: Fields): GraphUser {
  const fields = wholeUser(readUserFields(row));
  if (fields === null) throw unexpected('a user has no userPrincipalName');
  return { objectId: readObjectId(row), ...fields };
}
