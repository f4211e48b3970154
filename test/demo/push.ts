import type { GroupIds, Setup } from './configure.ts';
import { customers, type GroupKey, groupNames, type Member, staff } from './population.ts';
import { makeProvisioningClient, type ProvisioningClient } from './provisioning-client.ts';

/** First cycle: users, then the manager references, then groups with their members. */
async function firstCycle(
  client: ProvisioningClient,
  members: readonly Member[],
  groupIds: GroupIds,
): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>();
  for (const member of members) ids.set(member.userName, await client.provisionUser(member));
  const [manager, ...reports] = [...ids.values()];
  if (manager !== undefined) for (const report of reports) await client.setManager(report, manager);
  for (const key of Object.keys(groupNames) as GroupKey[]) {
    const inGroup = members
      .filter((member) => member.groups.includes(key))
      .map((member) => idOf(ids, member.userName));
    if (inGroup.length === 0) continue;
    await client.addMembers(await client.provisionGroup(groupNames[key], groupIds[key]), inGroup);
  }
  return ids;
}

function idOf(ids: ReadonlyMap<string, string>, userName: string): string {
  const id = ids.get(userName);
  if (id === undefined) throw new Error(`${userName} was not pushed.`);
  return id;
}

/** What a few days bring: somebody leaves, somebody marries, somebody loses the last group that a rule names. */
async function laterCycles(groupIds: GroupIds, clients: Clients, ids: Ids): Promise<void> {
  await clients.staff.disable(idOf(ids.staff, 'john.backus@mymsp.example'));
  const karen = { userName: 'karen.sparck@mymsp.example', familyName: 'Sparck' };
  await clients.staff.rename(idOf(ids.staff, 'karen.jones@mymsp.example'), karen);
  await clients.customer.disable(idOf(ids.customer, 'ken.thompson@fabrikam.example'));
  const lynn = { userName: 'lynn.conway-mead@fabrikam.example', familyName: 'Conway-Mead' };
  await clients.customer.rename(idOf(ids.customer, 'lynn.conway@fabrikam.example'), lynn);
  const portalUsers = await clients.customer.provisionGroup(groupNames.portalUsers, groupIds.portalUsers);
  await clients.customer.removeMember(portalUsers, idOf(ids.customer, 'hedy.lamarr@fabrikam.example'));
}

interface Clients {
  readonly staff: ProvisioningClient;
  readonly customer: ProvisioningClient;
}

interface Ids {
  readonly staff: ReadonlyMap<string, string>;
  readonly customer: ReadonlyMap<string, string>;
}

export async function push(setup: Setup, groupIds: GroupIds): Promise<void> {
  const clients: Clients = {
    staff: makeProvisioningClient(setup.staff.scimBaseUrl, setup.staff.token, 'default'),
    customer: makeProvisioningClient(setup.customer.scimBaseUrl, setup.customer.token, 'aadOptscim062020'),
  };
  console.log(`Pushing ${staff.length} people of "My MSP" in the default dialect …`);
  const staffIds = await firstCycle(clients.staff, staff, groupIds);
  console.log(`Pushing ${customers.length} people of "Fabrikam" with the aadOptscim062020 flag …`);
  const customerIds = await firstCycle(clients.customer, customers, groupIds);
  console.log('Pushing later changes: two leavers, two renames, one lost group …');
  await laterCycles(groupIds, clients, { staff: staffIds, customer: customerIds });
  const requests = clients.staff.requestCount() + clients.customer.requestCount();
  console.log(`${requests} SCIM requests were answered.\n`);
}
