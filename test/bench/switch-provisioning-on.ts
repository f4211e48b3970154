import type { AdminClient } from '../demo/admin-client.ts';

interface Named {
  readonly id: string;
}

/** Saves employee defaults and switches provisioning on; answers the ids of roles that rules give. */
export async function switchProvisioningOn(
  admin: AdminClient,
): Promise<{ readonly technician: string; readonly externalUser: string }> {
  const made = async (path: string, body: object) => (await admin.post<Named>(path, body)).id;
  const roles = await admin.get<{ items: (Named & { name: string })[] }>('/security-roles?limit=200');
  const role = (name: string) => roles.items.find((it) => it.name === name)?.id ?? '';
  const people = await admin.get<{ items: Named[] }>('/employees');
  await admin.put('/employee-defaults', {
    departmentId: await made('/departments', { name: 'Service Desk' }),
    locationId: await made('/locations', { name: 'Berlin' }),
    managerId: people.items[0]?.id ?? null,
    jobTitleId: await made('/job-titles', { name: 'Engineer' }),
    employmentType: 'Full-time',
    securityRoleId: role('Read Only'),
    employeeRoleId: await made('/employee-roles', { name: 'Support' }),
    accountId: null,
  });
  await admin.patch('/settings', { provisioningMode: 'azureAdSync' });
  return { technician: role('Technician'), externalUser: role('External User') };
}
