import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { makeForgetEvents } from '../../src/operations/organizations/forget-events.ts';
import { lowestIdAt } from '../../src/postgres/uuid.ts';
import { addTenant, openWorld, type Tenant, type World } from '../postgres/world.ts';

const NOW = '2026-11-24T12:00:00.000Z';
const dayMs = 86_400_000;

describe('retention of the provisioning log', () => {
  let world: World;
  let tenant: Tenant;
  let other: Tenant;

  before(async () => {
    world = await openWorld();
    tenant = await addTenant(world);
    other = await addTenant(world, 'Other');
    for (const { organizationId } of [tenant, other]) {
      await addEvents(organizationId, { ageDays: 11, count: 12_000 });
      await addEvents(organizationId, { ageDays: 9, count: 3 });
    }
  });
  after(() => world.close());

  async function addEvents(organizationId: string, { ageDays, count }: { ageDays: number; count: number }) {
    const at = Date.parse(NOW) - ageDays * dayMs;
    await world.owner.query(
      `insert into provisioning_events (organization_id, provisioning_event_id, at, trigger, action, reason)
       select $1, (left($2, 24) || lpad(to_hex(n), 12, '0'))::uuid, $3, 'manual', 'updated', 'test'
       from generate_series(1, $4::integer) n`,
      [organizationId, lowestIdAt(at), new Date(at).toISOString(), count],
    );
  }

  async function countOf(organizationId: string): Promise<number> {
    const { rows } = await world.owner.query(
      'select count(*)::integer as count from provisioning_events where organization_id = $1',
      [organizationId],
    );
    return rows[0].count;
  }

  const forget = (retentionDays: number) =>
    makeForgetEvents({ unitOfWork: world.unitOfWork, clock: { now: () => NOW }, retentionDays });

  it('keeps everything when it is switched off', async () => {
    await forget(0)(tenant.organizationId);
    assert.equal(await countOf(tenant.organizationId), 12_003);
  });

  it('removes what is older, however much it is, and of no other organization', async () => {
    await forget(10)(tenant.organizationId);
    assert.equal(await countOf(tenant.organizationId), 3);
    assert.equal(await countOf(other.organizationId), 12_003);
  });

  it('removes the runs of that time, but none that is open', async () => {
    const at = (ageDays: number): number => Date.parse(NOW) - ageDays * dayMs;
    const { organizationId, connectionId } = tenant;
    const addRuns = (state: string, ageDays: number, count: number) =>
      world.owner.query(
        `insert into sync_runs (organization_id, sync_run_id, connection_id, kind, state, ended_at)
         select $1, (left($2, 24) || lpad(to_hex(n), 12, '0'))::uuid, $3, 'delta', $4, $5
         from generate_series(1, $6::integer) n`,
        [
          organizationId,
          lowestIdAt(at(ageDays)),
          connectionId,
          state,
          state === 'running' ? null : new Date(at(ageDays)),
          count,
        ],
      );
    await addRuns('running', 12, 1);
    await addRuns('succeeded', 11, 5_500);
    await addRuns('failed', 9, 2);
    await forget(10)(organizationId);
    const { rows } = await world.owner.query(
      'select state, count(*)::integer as count from sync_runs where organization_id = $1 group by 1 order by 1',
      [organizationId],
    );
    assert.deepEqual(rows, [
      { state: 'failed', count: 2 },
      { state: 'running', count: 1 },
    ]);
  });

  it('removes changes of the configuration and notes of undos with the entries that they belong to', async () => {
    const at = (ageDays: number): string => new Date(Date.parse(NOW) - ageDays * dayMs).toISOString();
    const old = tenant.organizationId;
    const addChange = (requestId: string, ageDays: number, organizationId = old) =>
      world.owner.query(
        `insert into configuration_changes (organization_id, configuration_change_id, at, request_id, kind, before, after)
         values ($1, gen_random_uuid(), $2, $3, 'settings', '{}', '{}')`,
        [organizationId, at(ageDays), requestId],
      );
    const addUndo = (undoId: string, changeSetId: string, ageDays: number) =>
      world.owner.query(
        `insert into change_set_undos (organization_id, undo_id, change_set_id, at, is_whole)
         values ($1, $2, $3, $4, true)`,
        [old, undoId, changeSetId, at(ageDays)],
      );
    const runId = '0199c1a0-0000-7000-8000-0000000000aa';
    await addChange('forgotten', 11);
    await addChange('recent', 9);
    await addChange('with a late entry', 11);
    await addChange('forgotten', 11, other.organizationId);
    await addUndo('of a forgotten one', 'forgotten', 11);
    await addUndo('of a kept change', 'with a late entry', 11);
    await addUndo('of a kept run', runId, 11);
    await addUndo('recent', 'whatever', 9);
    await world.owner.query(
      `insert into provisioning_events (organization_id, provisioning_event_id, at, trigger, action, reason, request_id, run_id)
       values ($1, $2, $3, 'manual', 'updated', 'test', 'with a late entry', $4)`,
      [old, lowestIdAt(Date.parse(NOW) - 8 * dayMs), at(8), runId],
    );
    await forget(10)(old);
    const left = async (column: string, table: string, organizationId: string) =>
      (
        await world.owner.query(
          `select ${column} as id from ${table} where organization_id = $1 order by 1`,
          [organizationId],
        )
      ).rows.map(({ id }) => id);
    assert.deepEqual(await left('request_id', 'configuration_changes', old), ['recent', 'with a late entry']);
    assert.deepEqual(await left('undo_id', 'change_set_undos', old), [
      'of a kept change',
      'of a kept run',
      'recent',
    ]);
    assert.equal((await left('request_id', 'configuration_changes', other.organizationId)).length, 1);
  });
});
