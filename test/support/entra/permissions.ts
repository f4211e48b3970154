import type { Caller } from './caller.ts';
import { GraphError } from './graph-error.ts';

/** What a request reads, as far as permissions tell it apart. */
export type Access =
  | 'me'
  | 'organization'
  | 'users'
  | 'usersDelta'
  | 'groups'
  | 'members'
  | 'memberships'
  | 'memberCheck'
  | 'directoryObjects'
  | 'deletedUsers'
  | 'deletedGroups'
  | 'subscribeUsers'
  | 'subscribeGroups'
  | 'none';

/** Any one of the sets is enough; a set is needed in full. */
type Alternatives = readonly (readonly string[])[];

const READ_GROUPS: Alternatives = [['GroupMember.Read.All'], ['Group.Read.All'], ['Directory.Read.All']];
const READ_USERS: Alternatives = [['User.ReadBasic.All'], ['User.Read.All'], ['Directory.Read.All']];
const READ_ALL_OF_USERS: Alternatives = [['User.Read.All'], ['Directory.Read.All']];
const CHECK_MEMBERS: Alternatives = [
  ['User.ReadBasic.All', 'GroupMember.Read.All'],
  ['User.Read.All', 'GroupMember.Read.All'],
  ['User.ReadBasic.All', 'Group.Read.All'],
  ['User.Read.All', 'Group.Read.All'],
  ['Directory.Read.All'],
];

interface Needs {
  readonly delegated: Alternatives;
  readonly application: Alternatives;
}

const same = (needs: Alternatives): Needs => ({ delegated: needs, application: needs });

const NEEDS: Readonly<Record<Access, Needs>> = {
  me: { delegated: [['User.Read'], ...READ_ALL_OF_USERS], application: [] },
  // The permissions that are enough for users and groups are not enough for the organization itself.
  organization: {
    delegated: [['User.Read'], ['Organization.Read.All'], ['Directory.Read.All']],
    application: [['Organization.Read.All'], ['Directory.Read.All']],
  },
  users: same(READ_USERS),
  usersDelta: same(READ_ALL_OF_USERS),
  groups: same(READ_GROUPS),
  members: same(READ_GROUPS),
  memberships: same(READ_GROUPS),
  memberCheck: same(CHECK_MEMBERS),
  directoryObjects: same([['Directory.Read.All']]),
  deletedUsers: same(READ_ALL_OF_USERS),
  deletedGroups: same([['Group.Read.All'], ['Directory.Read.All']]),
  subscribeUsers: same([['User.Read.All']]),
  // Membership alone may be read with less, but not be subscribed to.
  subscribeGroups: same([['Group.Read.All']]),
  none: same([[]]),
};

/** Writing includes reading. */
function holds({ permissions }: Caller, permission: string): boolean {
  return permissions.has(permission) || permissions.has(permission.replace('.Read.', '.ReadWrite.'));
}

export function isAllowed(caller: Caller, access: Access): boolean {
  return NEEDS[access][caller.kind].some((all) => all.every((permission) => holds(caller, permission)));
}

export function requirePermission(caller: Caller, access: Access): void {
  if (isAllowed(caller, access)) return;
  throw new GraphError(
    403,
    'Authorization_RequestDenied',
    'Insufficient privileges to complete the operation.',
  );
}

export function readsHiddenMembers(caller: Caller): boolean {
  return caller.permissions.has('Member.Read.Hidden');
}
