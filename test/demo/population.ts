import type { Person } from './provisioning-client.ts';

/** Groups of the invented directories; those with a rule name decide, the others do not matter to the PSA. */
export const groupNames = {
  administrators: 'PSA Administrators',
  engineers: 'PSA Engineers',
  serviceDesk: 'PSA Service Desk',
  portalManagers: 'Fabrikam Portal Managers',
  portalUsers: 'Fabrikam Portal Users',
  everyone: 'All Staff',
} as const;

export type GroupKey = keyof typeof groupNames;

export interface Member extends Person {
  readonly groups: readonly GroupKey[];
}

const member = (
  givenName: string,
  familyName: string,
  domain: string,
  groups: readonly GroupKey[],
  title?: string,
): Member => ({
  userName: `${givenName}.${familyName}@${domain}`.toLowerCase(),
  givenName,
  familyName,
  groups,
  ...(title ? { title } : {}),
  officePhone: `+44 20 7946 0${(100 + givenName.length * 31 + familyName.length * 7) % 900}`,
});

const msp = 'mymsp.example';
const customer = 'fabrikam.example';

/** The MSP's own staff, pushed in the default dialect. */
export const staff: readonly Member[] = [
  member('Ada', 'Lovelace', msp, ['administrators', 'engineers', 'everyone'], 'Head of Service'),
  member('Grace', 'Hopper', msp, ['engineers', 'everyone'], 'Senior Engineer'),
  member('Katherine', 'Johnson', msp, ['engineers', 'serviceDesk', 'everyone'], 'Engineer'),
  member('Dorothy', 'Vaughan', msp, ['serviceDesk', 'everyone'], 'Service Desk Lead'),
  member('Mary', 'Jackson', msp, ['serviceDesk', 'everyone'], 'Service Desk'),
  member('Alan', 'Turing', msp, ['engineers', 'everyone'], 'Engineer'),
  member('Edsger', 'Dijkstra', msp, ['engineers', 'everyone']),
  member('Barbara', 'Liskov', msp, ['engineers', 'everyone'], 'Engineer'),
  member('Donald', 'Knuth', msp, ['everyone'], 'Author'),
  member('Frances', 'Allen', msp, ['serviceDesk', 'everyone'], 'Service Desk'),
  member('John', 'Backus', msp, ['engineers', 'everyone'], 'Engineer'),
  member('Karen', 'Jones', msp, ['serviceDesk', 'everyone'], 'Service Desk'),
  member('Adele', 'Goldberg', msp, ['administrators', 'everyone'], 'Operations'),
];

/** A customer's people, pushed in the dialect of the feature flag from a directory of their own. */
export const customers: readonly Member[] = [
  member('Ada', 'Lovelace', customer, ['portalUsers'], 'Buyer'),
  member('Radia', 'Perlman', customer, ['portalManagers', 'portalUsers'], 'IT Manager'),
  member('Tim', 'Lee', customer, ['portalUsers'], 'Web Master'),
  member('Vint', 'Cerf', customer, ['portalUsers'], 'Network Planner'),
  member('Sophie', 'Wilson', customer, ['portalManagers'], 'Head of Procurement'),
  member('Hedy', 'Lamarr', customer, ['portalUsers'], 'Designer'),
  member('Ken', 'Thompson', customer, ['portalUsers']),
  member('Dennis', 'Ritchie', customer, ['portalUsers']),
  member('Lynn', 'Conway', customer, ['portalUsers'], 'Planner'),
  member('Jean', 'Sammet', customer, [], 'Visitor'),
  member('Margaret', 'Hamilton', customer, ['portalUsers'], 'Software Lead'),
  member('Evelyn', 'Granville', customer, ['portalManagers'], 'Finance'),
];
