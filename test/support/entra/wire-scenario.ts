import type { Application } from './applications.ts';
import type { EntraEmulator } from './start-entra-emulator.ts';
import type { TenantDirectory } from './tenant-directory.ts';

/** The directory that the recorded requests to Graph take for granted. */
export interface WireScene {
  readonly emulator: EntraEmulator;
  readonly tenant: TenantDirectory;
  readonly application: Application;
  /** A token that may do everything the connection does. */
  readonly token: string;
}

const WIRE_TENANT_ID = 'b9d1a6f0-6f0e-4c39-a3c5-0c0a4f6b1c01';

const DOMAIN = 'fabrikam.example';

/** Two people, somebody in very many groups, and the groups of the requests. */
export function prepareWireScene(emulator: EntraEmulator): WireScene {
  const tenant = emulator.addTenant({ id: WIRE_TENANT_ID, displayName: 'Fabrikam', domains: [DOMAIN] });
  for (const id of ['du-1', 'du-2', 'du-big']) tenant.addUser({ id, userPrincipalName: `${id}@${DOMAIN}` });
  tenant.addGroup({ id: 'g-1', displayName: 'Group', members: ['du-2'] });
  for (let number = 1; number <= 21; number += 1) {
    const id = `g-${String(number).padStart(2, '0')}`;
    tenant.addGroup({ id, displayName: id, members: ['du-big'] });
  }
  tenant.settings.memberGroupsLimit = 20;
  const application = emulator.registerApplication({ secrets: ['a secret value'] });
  emulator.consent({
    tenantId: tenant.id,
    appId: application.appId,
    roles: ['User.Read.All', 'Group.Read.All', 'Directory.Read.All'],
  });
  const token = emulator.graphToken({ tenantId: tenant.id, appId: application.appId });
  return { emulator, tenant, application, token };
}

type Preparation = (scene: WireScene) => void | Promise<void>;

const USERS = 'users/delta?$select=id,jobTitle';
const GROUPS = 'groups/delta?$select=id,displayName,members';

/** A finished round's delta link gets the name that the request has for it; then the change happens. */
function afterRound(name: string, query: string, change: (scene: WireScene) => void): Preparation {
  return async (scene) => {
    const page = await readLastPage(scene, query);
    scene.emulator.nameToken(name, page['@odata.deltaLink'] ?? '');
    change(scene);
  };
}

interface Page {
  readonly '@odata.nextLink'?: string;
  readonly '@odata.deltaLink'?: string;
}

async function readPage({ emulator, token }: WireScene, url: string): Promise<Page> {
  const response = await emulator.fetch(url, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${url} was answered ${response.status}.`);
  // Answered by the emulator itself.
  return (await response.json()) as Page;
}

async function readLastPage(scene: WireScene, query: string): Promise<Page> {
  let page = await readPage(scene, `${scene.emulator.graphUrl}/v1.0/${query}`);
  while (page['@odata.nextLink'] !== undefined) page = await readPage(scene, page['@odata.nextLink']);
  return page;
}

async function nameSecondPage(scene: WireScene, name: string, query: string): Promise<void> {
  const page = await readPage(scene, `${scene.emulator.graphUrl}/v1.0/${query}`);
  scene.emulator.nameToken(name, page['@odata.nextLink'] ?? '');
}

/** What has to be true before a recorded request is sent, by the id of its case. */
export const WIRE_SCENARIOS: Readonly<Record<string, Preparation>> = {
  'graph-delta-002': async (scene) => {
    Object.assign(scene.tenant.settings, { deltaPageSize: 1, emptyPageEvery: 2 });
    await nameSecondPage(scene, 'page2-empty', USERS);
  },
  'graph-delta-003': afterRound('t1', USERS, ({ tenant }) => tenant.softDeleteUser('du-1')),
  'graph-delta-004': afterRound('t2', USERS, ({ tenant }) => tenant.purgeUser('du-1')),
  'graph-delta-005': afterRound('t3', USERS, ({ tenant }) => {
    tenant.settings.separateRows = true;
    tenant.updateUser('du-2', { jobTitle: 'First' });
    tenant.updateUser('du-2', { jobTitle: 'Second' });
  }),
  'graph-delta-006': async (scene) => {
    const page = await readLastPage(scene, USERS);
    scene.emulator.nameToken('expired', page['@odata.deltaLink'] ?? '');
    scene.emulator.injectFault({ match: { query: '$deltatoken=expired' }, effect: { kind: 'resync' } });
  },
  'graph-delta-008': afterRound('g1', GROUPS, ({ tenant }) => {
    tenant.addMembers('g-1', ['du-1']);
    tenant.removeMembers('g-1', ['du-2']);
  }),
  'graph-delta-009': async (scene) => {
    const { tenant } = scene;
    for (let number = 21; number >= 1; number -= 1) tenant.purgeGroup(`g-${String(number).padStart(2, '0')}`);
    const more = Array.from({ length: 39 }, (_none, index) =>
      tenant.addUser({ userPrincipalName: `member-${index}@${DOMAIN}` }),
    );
    tenant.addMembers('g-1', more);
    tenant.settings.deltaMembersPerPage = 25;
    await nameSecondPage(scene, 'g-split-2', GROUPS);
  },
  'graph-delta-011': async (scene) => {
    scene.tenant.settings.deltaPageSize = 1;
    await nameSecondPage(scene, 'foreign', USERS);
    scene.emulator.injectFault({
      match: { query: '$skiptoken=foreign' },
      effect: { kind: 'foreign-link', origin: 'https://evil.example' },
    });
  },
  'graph-batch-001': ({ emulator }) => {
    emulator.injectFault({
      match: { path: '/v1.0/users/du-2' },
      effect: { kind: 'answer', status: 429, retryAfter: 1 },
      times: 1,
    });
  },
  'graph-throttle-001': ({ emulator }) => {
    emulator.injectFault({ effect: { kind: 'answer', status: 429, retryAfter: 7 }, times: 1 });
  },
  'graph-throttle-002': ({ emulator }) => {
    emulator.injectFault({ effect: { kind: 'limit-percentage', value: 0.9 } });
  },
  'graph-auth-001': ({ emulator, tenant, application }) => {
    emulator.revokeConsent({ tenantId: tenant.id, appId: application.appId, existingTokens: 'reject' });
  },
  'graph-auth-002': ({ emulator }) => {
    emulator.injectFault({ effect: { kind: 'answer', status: 401 } });
  },
  'graph-sub-003': ({ tenant }) => {
    tenant.settings.subscriptionQuota = 0;
  },
  'graph-deleted-001': ({ tenant }) => tenant.softDeleteUser('du-1'),
};
