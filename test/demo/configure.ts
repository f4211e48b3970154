import type { AdminClient } from './admin-client.ts';
import type { GroupKey } from './population.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

interface Root {
  readonly id: string;
  readonly isRoot: boolean;
}

export interface Directory {
  readonly scimBaseUrl: string;
  readonly token: string;
}

export interface Setup {
  readonly staff: Directory;
  readonly customer: Directory;
}

export type GroupIds = Readonly<Record<GroupKey, string>>;

/** What an administrator would do once, by REST: defaults, an account, connections with tokens, rules, switch on. */
export async function configure(admin: AdminClient, groupIds: GroupIds): Promise<Setup> {
  const roles = new Map((await admin.all<Named>('/security-roles')).map((role) => [role.name, role.id]));
  const role = (name: string): string => {
    const id = roles.get(name);
    if (id === undefined) throw new Error(`There is no security role ${name}.`);
    return id;
  };
  await setDefaults(admin, role('Read Only'));
  const account = await admin.post<Named>('/accounts', { name: 'Fabrikam', domains: ['fabrikam.example'] });
  const staff = await connect(admin, 'My MSP');
  const customer = await connect(admin, 'Fabrikam');

  const rule = (connectionId: string, group: GroupKey, order: number, rest: object): Promise<object> =>
    admin.post('/mapping-rules', { connectionId, groupId: groupIds[group], order, ...rest });
  const employee = (name: string) => ({ userType: 'employee', securityRoleId: role(name) });
  const portal = (name: string) => ({
    userType: 'clientPortal',
    securityRoleId: role(name),
    accountId: account.id,
  });
  await rule(staff.id, 'administrators', 1, employee('Administrator'));
  await rule(staff.id, 'engineers', 10, employee('Technician'));
  await rule(staff.id, 'serviceDesk', 10, employee('Read Only'));
  await rule(customer.id, 'portalManagers', 20, portal('External Manager'));
  await rule(customer.id, 'portalUsers', 30, portal('External User'));

  await seedLocalRecords(admin, account.id);
  await admin.patch('/settings', { provisioningMode: 'azureAdSync' });
  return { staff: staff.directory, customer: customer.directory };
}

async function first(admin: AdminClient, path: string): Promise<string> {
  const [item] = await admin.all<Named>(path);
  if (item === undefined) throw new Error(`${path} is empty.`);
  return item.id;
}

async function setDefaults(admin: AdminClient, securityRoleId: string): Promise<void> {
  const root = (await admin.all<Root>('/employees')).find((employee) => employee.isRoot);
  await admin.put('/employee-defaults', {
    departmentId: await first(admin, '/departments'),
    locationId: await first(admin, '/locations'),
    managerId: root?.id ?? null,
    jobTitleId: await first(admin, '/job-titles'),
    employmentType: 'Full-time',
    securityRoleId,
    employeeRoleId: await first(admin, '/employee-roles'),
    accountId: null,
  });
}

async function connect(admin: AdminClient, name: string): Promise<{ id: string; directory: Directory }> {
  const connection = await admin.post<{ id: string; scimBaseUrl: string }>('/connections', {
    name,
    kind: 'scim',
  });
  const { token } = await admin.post<{ token: string }>(`/connections/${connection.id}/scim-tokens`, {
    name: 'Demo',
  });
  return { id: connection.id, directory: { scimBaseUrl: connection.scimBaseUrl, token } };
}

/** Two records that were in the PSA before: both are found again by email and keep their ids and tickets. */
async function seedLocalRecords(admin: AdminClient, accountId: string): Promise<void> {
  await admin.post('/employees', {
    username: 'ghopper',
    email: 'grace.hopper@mymsp.example',
    firstName: 'Grace',
    lastName: 'H.',
  });
  const contact = await admin.post<{ id: string }>('/contacts', {
    accountId,
    firstName: 'Radia',
    lastName: 'P.',
    emails: [{ address: 'Radia.Perlman@fabrikam.example', type: 'Work', isDefault: true }],
  });
  await admin.post('/relations', { kind: 'ticket', reference: 'T-1001', contactId: contact.id });
}
