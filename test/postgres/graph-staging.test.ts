import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { UserChange } from '../../src/directory/delta-change.ts';
import { foldUsers } from '../../src/directory/fold-delta.ts';
import type { SyncStream } from '../../src/operations/sync/graph-sync-ports.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';
import { addTenant, openWorld, type Tenant, type World } from './world.ts';

const stream: SyncStream = {
  id: uuidV7(),
  kind: 'users',
  groupIds: null,
  cursor: null,
  isFull: false,
  resume: null,
  pendingCursor: null,
};

let world: World;
let tenant: Tenant;
before(async () => {
  world = await openWorld();
  tenant = await addTenant(world);
});
after(() => world.close());

it('a user whom rows call gone for good is not taken for one who may come back, when Graph knows none', async () => {
  const { connectionId, context } = tenant;
  const [purged, recycled] = [uuidV7(), uuidV7()];
  const rowsOf = (objectId: string, reason: 'deleted' | 'changed'): readonly UserChange[] => [
    { kind: 'user', objectId, fields: { jobTitle: 'Engineer' } },
    { kind: 'userRemoved', objectId, reason },
  ];
  const changes = [...rowsOf(purged, 'deleted'), ...rowsOf(recycled, 'changed')];
  await world.unitOfWork.write(context, 'none', async ({ graphSync: { staging } }) => {
    await staging.stageUsers(connectionId, stream, foldUsers(changes));
    const unclear = await staging.unclearUsers(connectionId, 10);
    assert.deepEqual([...unclear].sort(), [purged, recycled].sort());
    await staging.clearUsers(connectionId, new Map(unclear.map((id) => [id, null])));
  });
  const { rows } = await world.owner.query('select object_id as id, removed from graph_staged_users');
  assert.deepEqual(Object.fromEntries(rows.map(({ id, removed }) => [id, removed])), {
    [purged]: 'deleted',
    [recycled]: 'changed',
  });
});
