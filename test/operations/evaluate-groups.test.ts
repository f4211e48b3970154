import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConnectionContext } from '../../src/operations/context.ts';
import type { Stores } from '../../src/operations/ports.ts';
import {
  type EvaluationDependencies,
  makeEvaluateGroups,
} from '../../src/operations/tenants/evaluate-groups.ts';
import type { MemberCheckRequest } from '../../src/operations/tenants/graph-ports.ts';

const context = {
  connectionKind: 'entra',
  connectionId: 'connection',
  organizationId: 'organization',
} as ConnectionContext;
const content = { userName: 'ada@fabrikam.example', externalId: null, active: true, attributes: {} };
const groupId = (letter: string): string => `${letter.repeat(8)}-0000-4000-8000-000000000001`;

/** Graph knows the user in every group; rules and time are what the test says. */
function makeWorld() {
  const world = { ruled: [groupId('a')], now: Date.parse('2026-11-28T05:00:00Z'), asked: 0 };
  const connection = {
    id: 'connection',
    kind: 'entra',
    status: 'connected',
    graphFlow: 'application',
    cloud: 'global',
    tenantId: 'tenant',
    applicationId: 'application',
    applicationKeyEncrypted: new Uint8Array(),
  };
  const stores = {
    connections: { get: async () => connection },
    mappingRules: { ofConnection: async () => world.ruled.map((id) => ({ groupId: id })) },
  } as unknown as Stores;
  const dependencies = {
    clock: { now: () => new Date(world.now).toISOString() },
    encryption: { decrypt: () => 'secret' },
    unitOfWork: { lookUp: async (_context: unknown, work: (all: Stores) => unknown) => work(stores) },
    directory: {
      checkMemberGroups: async (_graph: unknown, { groupIds }: MemberCheckRequest) => {
        world.asked += 1;
        return { kind: 'answered', memberOf: groupIds };
      },
    },
  } as unknown as EvaluationDependencies;
  return { world, evaluate: makeEvaluateGroups(dependencies) };
}

describe('the groups of a user, asked of Graph', () => {
  it('are asked once for requests one behind the other', async () => {
    const { world, evaluate } = makeWorld();
    await evaluate.ofNew(context, content);
    await evaluate.ofNew(context, content);
    assert.equal(world.asked, 1);
  });

  it('are asked again when rules name as many groups, but others', async () => {
    const { world, evaluate } = makeWorld();
    // The rules are known from before; the answer comes just before they are looked at again.
    await evaluate.isConnected(context);
    world.now += 9_000;
    await evaluate.ofNew(context, content);
    world.ruled = [groupId('b')];
    world.now += 2_000;
    assert.deepEqual(await evaluate.ofNew(context, content), {
      kind: 'known',
      asked: [groupId('b')],
      memberOf: [groupId('b')],
    });
  });
});
