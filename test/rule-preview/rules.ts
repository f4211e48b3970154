import fc from 'fast-check';
import type { Json, World } from '../admin-api/people-world.ts';
import type { ScimConnection } from '../support/app.ts';

/** A rule that makes the members of a group technicians; `more` says what else or instead. */
export const technicianRule = (
  { roles }: World,
  { connectionId }: ScimConnection,
  groupId: string,
  more: object = {},
): Json => ({
  connectionId,
  groupId,
  order: 10,
  userType: 'employee',
  securityRoleId: roles['Technician'],
  ...more,
});

/** What makes a rule one of client portal users. */
export const portalFields = ({ roles, account }: World): Json => ({
  userType: 'clientPortal',
  securityRoleId: roles['External User'],
  accountId: account.id,
});

/** Names of roles; those of portal users begin with `External`. */
export const roleNames = ['Technician', 'Read Only', 'External User', 'External Manager'];

export const anyRule = fc.record({
  order: fc.integer({ min: 0, max: 2 }),
  kind: fc.constantFrom(...roleNames),
  enabled: fc.constantFrom(true, true, true, false),
});

/** A generated rule as the API takes it, but for its group. */
export const ruleBody = ({ roles, account }: World, { order, kind, enabled }: Json): Json => ({
  order,
  enabled,
  securityRoleId: roles[kind],
  ...(kind.startsWith('External')
    ? { userType: 'clientPortal', accountId: account.id }
    : { userType: 'employee', accountId: null }),
});
