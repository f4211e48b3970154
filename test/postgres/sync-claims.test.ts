import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { GraphSyncStores } from '../../src/operations/sync/graph-sync-ports.ts';
import { makeTakeDueSyncs } from '../../src/postgres/graph/due-syncs.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';
import { addTenant, openWorld, type Tenant, type World } from './world.ts';

describe('the claim on a connection', () => {
  let world: World;
  let tenant: Tenant;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());
  beforeEach(async () => {
    await world.owner.query('delete from graph_syncs');
    tenant = await addTenant(world);
    await world.owner.query(
      `update connections set kind = 'entra', status = 'connected' where connection_id = $1`,
      [tenant.connectionId],
    );
    await claims((store) => store.begin(tenant.connectionId));
  });

  const claims = <Result>(work: (store: GraphSyncStores['claims']) => Promise<Result>): Promise<Result> =>
    world.unitOfWork.write(tenant.context, 'none', ({ graphSync }) => work(graphSync.claims));
  const claim = async (claimId = uuidV7()) => {
    const request = { connectionId: tenant.connectionId, claimId, leaseSeconds: 60 };
    return { claimId, isHeld: (await claims((store) => store.claim(request))) !== null };
  };
  const release = (claimId: string, nextInSeconds: number | null) =>
    claims((store) =>
      store.release({ connectionId: tenant.connectionId, claimId, nextInSeconds, failures: 0 }),
    );
  const pauseSeconds = async (): Promise<number> => {
    const { rows } = await world.owner.query(
      'select extract(epoch from next_at - now())::float8 as pause from graph_syncs',
    );
    return rows[0].pause;
  };
  /** Nobody took the job up for so long that the connection is due again: another job. */
  const takeTwice = async (): Promise<void> => {
    const takeDue = makeTakeDueSyncs(world.database);
    assert.equal((await takeDue()).length, 1);
    assert.equal((await takeDue()).length, 0);
    await world.owner.query('update graph_syncs set next_at = now()');
    assert.equal((await takeDue()).length, 1);
  };

  it('is not given for a job whose work another one has done meanwhile', async () => {
    await takeTwice();
    const first = await claim();
    assert.ok(first.isHeld);
    await release(first.claimId, 60);
    assert.equal((await claim()).isHeld, false);
    await claims((store) => store.wake(tenant.connectionId));
    assert.equal((await claim()).isHeld, true);
  });

  it('is kept without another read to follow when a second job comes for it', async () => {
    await takeTwice();
    const first = await claim();
    assert.equal((await claim()).isHeld, false);
    await release(first.claimId, 60);
    assert.ok((await pauseSeconds()) > 55, 'nobody wanted another read');
  });

  it('is followed by another read when somebody wants one meanwhile', async () => {
    const first = await claim();
    await claims((store) => store.begin(tenant.connectionId));
    await release(first.claimId, 60);
    assert.ok((await pauseSeconds()) < 1);
  });

  it('is not given again after a cancelled first read before somebody asks, whatever is in the news', async () => {
    const first = await claim();
    await release(first.claimId, null);
    await claims((store) => store.wake(tenant.connectionId));
    assert.equal((await claim()).isHeld, false);
    await claims((store) => store.begin(tenant.connectionId));
    assert.equal((await claim()).isHeld, true);
  });

  it('is taken over when its lease is over', async () => {
    await takeTwice();
    await claim();
    await world.owner.query(`update graph_syncs set claimed_until = now() - interval '1 second'`);
    assert.equal((await claim()).isHeld, true);
  });
});
