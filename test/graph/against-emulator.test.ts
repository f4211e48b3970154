import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { foldGroups, foldUsers } from '../../src/directory/fold-delta.ts';
import { makeCloudTable } from '../../src/graph/cloud-endpoints.ts';
import { type Graph, makeGraph } from '../../src/graph/make-graph.ts';
import { realTiming } from '../../src/graph/timing.ts';
import { withoutEncryption } from '../../src/http/encryption.ts';
import type { DeltaStep, GraphConnection } from '../../src/operations/tenants/graph-ports.ts';
import type { FaultEffect } from '../support/entra/faults.ts';
import { type EntraEmulator, startEntraEmulator } from '../support/entra/start-entra-emulator.ts';
import type { TenantDirectory } from '../support/entra/tenant-directory.ts';
import { neverAborted, silentLogger } from './graph-fixtures.ts';
import { makeMemoryTokenCache } from './memory-token-cache.ts';

let emulator: EntraEmulator;
let tenant: TenantDirectory;
let connection: GraphConnection;
let groupIds: readonly string[];
let userIds: readonly string[];

before(async () => {
  emulator = await startEntraEmulator();
  tenant = emulator.addTenant({ domains: ['mymsp.example', 'mymsp.onmicrosoft.com'] });
  const application = emulator.registerApplication({ secrets: ['the secret value'] });
  emulator.consent({
    tenantId: tenant.id,
    appId: application.appId,
    roles: ['User.Read.All', 'GroupMember.Read.All'],
  });
  ({ groupIds, userIds } = emulator.seed(tenant.id, {
    users: 700,
    groups: 30,
    groupsPerUser: 3,
    nestedGroups: 4,
    guestEvery: 9,
    disabledEvery: 11,
  }));
  connection = {
    organizationId: 'org',
    connectionId: 'conn',
    cloud: 'global',
    tenantId: tenant.id,
    applicationId: application.appId,
    applicationKey: 'the secret value',
    flow: 'application',
  };
});
after(() => emulator.stop());
beforeEach(() => {
  emulator.clearFaults();
});

/** A server that was just started; waiting takes no time. */
const makeServer = (): Graph =>
  makeGraph({
    fetch: globalThis.fetch,
    clouds: makeCloudTable({ global: { authority: emulator.loginUrl, graph: emulator.graphUrl } }),
    timing: { ...realTiming, sleep: async () => {} },
    logger: silentLogger,
    encryption: withoutEncryption,
    tokenCache: makeMemoryTokenCache(),
  });

async function drain<Change>(
  steps: AsyncIterable<DeltaStep<Change>>,
): Promise<{ changes: Change[]; cursor: string }> {
  const changes: Change[] = [];
  for await (const step of steps) {
    if (step.kind === 'page') changes.push(...step.changes);
    else if (step.kind === 'complete') return { changes, cursor: step.cursor };
    else throw new Error('expired');
  }
  throw new Error('no end');
}

async function readAll(graph: Graph) {
  const signal = neverAborted();
  const users = await drain(graph.directory.readUsers(connection, { cursor: null, signal }));
  const groups = await drain(
    graph.directory.readGroups(connection, { cursor: null, groupIds: null, signal }),
  );
  return { users: foldUsers(users.changes), groups: foldGroups(groups.changes) };
}

const strangers = () => emulator.requests({ service: 'stranger' });

describe('reads of the emulated Graph', () => {
  it('find everybody, every group and every direct membership', async () => {
    const { users, groups } = await readAll(makeServer());
    assert.deepEqual([...users.keys()].sort(), [...userIds].sort());
    assert.deepEqual([...groups.keys()].sort(), [...groupIds].sort());
    const members = [...groups.values()].flatMap((group) => [...group.members.values()]);
    assert.equal(members.filter(({ type }) => type === 'user').length, 700 * 3);
    assert.equal(members.filter(({ type }) => type === 'group').length, 4);
    assert.equal([...users.values()].filter(({ fields }) => fields.accountEnabled === false).length, 63);
  });

  const passing: readonly FaultEffect[] = [
    { kind: 'answer', status: 429, retryAfter: 1 },
    { kind: 'answer', status: 500 },
    { kind: 'answer', status: 502 },
    { kind: 'answer', status: 503, retryAfter: 2 },
    { kind: 'answer', status: 504 },
    { kind: 'answer', status: 401, code: 'InvalidAuthenticationToken' },
    { kind: 'html' },
    { kind: 'reset' },
    { kind: 'truncate' },
    { kind: 'invalid-json' },
    { kind: 'claims-challenge' },
    { kind: 'duplicate-rows' },
    { kind: 'limit-percentage', value: 1.2 },
  ];
  for (const effect of passing) {
    const name = effect.kind === 'answer' ? `status ${effect.status}` : effect.kind;
    it(`end with the same result in spite of ${name}`, async () => {
      const faultless = await readAll(makeServer());
      for (const afterwards of [0, 3, 8]) {
        emulator.injectFault({
          match: { service: 'graph', path: '/v1.0/*' },
          effect,
          times: 1,
          after: afterwards,
        });
      }
      assert.deepEqual(await readAll(makeServer()), faultless);
      assert.ok(
        emulator.faults().some(({ hits }) => hits > 0),
        'no fault took place',
      );
      assert.deepEqual(strangers(), []);
    });
  }

  it('are given up, and no token leaves, when a link leads elsewhere', async () => {
    emulator.injectFault({
      match: { service: 'graph', path: '/v1.0/users/delta' },
      effect: { kind: 'foreign-link' },
      after: 2,
    });
    await assert.rejects(readAll(makeServer()), { kind: 'foreignHost' });
    assert.deepEqual(strangers(), []);
  });

  it('are given up when a link leads to the same page again', async () => {
    emulator.injectFault({
      match: { service: 'graph', path: '/v1.0/users/delta' },
      effect: { kind: 'repeat-page' },
    });
    await assert.rejects(readAll(makeServer()), { kind: 'unexpected' });
  });

  for (const code of ['resyncRequired', 'syncStateNotFound'] as const) {
    it(`start again after ${code}`, async () => {
      const { directory } = makeServer();
      const signal = neverAborted();
      const { cursor } = await drain(directory.readUsers(connection, { cursor: null, signal }));
      emulator.injectFault({
        match: { service: 'graph', path: '/v1.0/users/delta' },
        effect: { kind: 'resync', code },
        times: 1,
      });
      const kinds: string[] = [];
      for await (const { kind } of directory.readUsers(connection, { cursor, signal })) kinds.push(kind);
      assert.deepEqual(kinds, ['expired']);
      const again = await drain(directory.readUsers(connection, { cursor: null, signal }));
      assert.equal(foldUsers(again.changes).size, 700);
    });
  }

  it('make one call of each stream when nothing has changed', async () => {
    const { directory } = makeServer();
    const signal = neverAborted();
    const users = await drain(directory.readUsers(connection, { cursor: null, signal }));
    const groups = await drain(directory.readGroups(connection, { cursor: null, groupIds: null, signal }));
    const before = emulator.requests({ service: 'graph' }).length;
    assert.deepEqual(
      (await drain(directory.readUsers(connection, { cursor: users.cursor, signal }))).changes,
      [],
    );
    assert.deepEqual(
      (await drain(directory.readGroups(connection, { cursor: groups.cursor, groupIds: null, signal })))
        .changes,
      [],
    );
    assert.equal(emulator.requests({ service: 'graph' }).length - before, 2);
  });
});
