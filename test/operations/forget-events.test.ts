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
});
