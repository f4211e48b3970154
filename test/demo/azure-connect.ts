import { setTimeout as delay } from 'node:timers/promises';
import type { EntraEmulator } from '../support/entra/start-entra-emulator.ts';
import type { TenantDirectory } from '../support/entra/tenant-directory.ts';
import type { AdminClient } from './admin-client.ts';

const domain = 'branch.example';
const secret = 'the Value of a client secret';
const permissions = ['Directory.Read.All', 'Group.Read.All', 'User.Read', 'User.Read.All'];

interface Branch {
  readonly tenant: TenantDirectory;
  readonly nightShift: string;
  readonly engineers: string;
}

interface Run {
  readonly id: string;
  readonly state: string;
  readonly kind: string;
  readonly error: string | null;
}

/**
 * A tenant that is read through Microsoft Graph: the connection, Azure Connect, a sync, a change in the directory, and its
 * arrival. The emulator stands in for Microsoft and consents to everything.
 */
export async function readTenant(
  admin: AdminClient,
  emulator: EntraEmulator,
  baseUrl: string,
): Promise<void> {
  const branch = addBranch(emulator);
  const application = emulator.registerApplication({
    displayName: 'Rollcall',
    redirectUris: [`${baseUrl}/OAuth/IntegrationCallback.aspx`],
    secrets: [secret],
    requiredScopes: permissions,
  });
  const connection = await admin.post<{ id: string; tenantId: string }>('/connections', {
    name: 'Branch',
    kind: 'entra',
    tenant: domain,
    applicationId: application.appId,
    applicationKey: secret,
  });
  console.log(
    `Tenant ${domain} is ${connection.tenantId}. Azure Connect: ${await azureConnect(admin, connection.id)}`,
  );
  await admin.post('/mapping-rules', {
    connectionId: connection.id,
    groupId: branch.engineers,
    order: 15,
    userType: 'employee',
    securityRoleId: await technician(admin),
  });
  await sync(admin, connection.id);
  changeUpstream(branch);
  await sync(admin, connection.id);
  console.log('');
}

/** Engineers, with the night shift nested inside: the provisioning service would leave the nested ones out. */
function addBranch(emulator: EntraEmulator): Branch {
  const tenant = emulator.addTenant({ domains: [domain] });
  const add = (givenName: string, surname: string) => {
    const userPrincipalName = `${givenName}.${surname}@${domain}`.toLowerCase();
    const displayName = `${givenName} ${surname}`;
    return tenant.addUser({ userPrincipalName, displayName, givenName, surname, mail: userPrincipalName });
  };
  const nightShift = tenant.addGroup({ displayName: 'Branch Night Shift', members: [add('Joan', 'Clarke')] });
  const members = [add('Annie', 'Easley'), add('Mary', 'Keller'), nightShift];
  return { tenant, nightShift, engineers: tenant.addGroup({ displayName: 'Branch Engineers', members }) };
}

/** What a browser does: sign in, consent, come back. */
async function azureConnect(admin: AdminClient, id: string): Promise<string> {
  const { authorizationUrl } = await admin.post<{ authorizationUrl: string }>(`/connections/${id}/connect`, {
    mode: 'delegated',
  });
  const page = await (await fetch(authorizationUrl)).text();
  const { status } = await admin.get<{ status: string }>(`/connections/${id}`);
  return `${/<h1>(.*?)<\/h1>/.exec(page)?.[1] ?? 'no page'} (status ${status}).`;
}

async function technician(admin: AdminClient): Promise<string> {
  const roles = await admin.all<{ id: string; name: string }>('/security-roles');
  const found = roles.find(({ name }) => name === 'Technician');
  if (found === undefined) throw new Error('There is no security role Technician.');
  return found.id;
}

/** Somebody new joins the nested group, and somebody leaves. */
function changeUpstream({ tenant, nightShift }: Branch): void {
  const userPrincipalName = `hidden.figure@${domain}`;
  const names = { displayName: 'Hidden Figure', givenName: 'Hidden', surname: 'Figure' };
  tenant.addMembers(nightShift, [tenant.addUser({ userPrincipalName, mail: userPrincipalName, ...names })]);
  const mary = tenant.findUserId(`mary.keller@${domain}`);
  if (mary !== undefined) tenant.updateUser(mary, { accountEnabled: false });
  console.log('In Entra, Hidden Figure joins the night shift, and the account of Mary Keller is disabled.');
}

async function sync(admin: AdminClient, connectionId: string): Promise<void> {
  let run = await admin.post<Run>(`/connections/${connectionId}/sync`, {});
  while (run.state === 'queued' || run.state === 'running') {
    await delay(100);
    run = await admin.get<Run>(`/sync-runs/${run.id}`);
  }
  if (run.state !== 'succeeded') throw new Error(`The sync ${run.state}: ${run.error}`);
  const people = await admin.all<{ username: string; loginEnabled: boolean }>(
    `/employees?connectionId=${connectionId}`,
  );
  const shown = people.map(({ username, loginEnabled }) => `${username}${loginEnabled ? '' : ' (no login)'}`);
  console.log(`Sync (${run.kind}): employees ${shown.sort().join(', ')}.`);
}
