import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { OperationError } from '../../src/operations/operation-error.ts';
import type { Stores } from '../../src/operations/ports.ts';
import { openDatabase } from '../../src/postgres/database.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';
import {
  addTenant,
  employeeOf,
  insertUsers,
  login,
  openUnitOfWork,
  openWorld,
  type Tenant,
  userOf,
  type World,
} from './world.ts';

describe('unit of work', () => {
  let world: World;
  let tenant: Tenant;
  const statements: string[] = [];
  before(async () => {
    world = await openWorld({ onStatement: (text) => statements.push(text) });
    tenant = await addTenant(world);
  });
  after(() => world.close());

  const sent = () => statements.splice(0).map((text) => text.trim().split(/\s+/).slice(0, 2).join(' '));
  const exists = async (id: string) =>
    (await world.owner.query('select 1 from directory_users where directory_user_id = $1', [id])).rowCount ===
    1;

  it('commits what the work wrote and answers its result', async () => {
    const user = userOf(tenant);
    const result = await world.unitOfWork.write(tenant.context, 'shared', async (stores) => {
      await stores.users.insert(user);
      return 'done';
    });
    assert.equal(result, 'done');
    assert.ok(await exists(user.id));
  });

  it('rolls back when the work throws, and hands the error on', async () => {
    const user = userOf(tenant);
    const failure = new Error('no');
    await assert.rejects(
      world.unitOfWork.write(tenant.context, 'shared', async (stores) => {
        await stores.users.insert(user);
        throw failure;
      }),
      (error) => error === failure,
    );
    assert.equal(await exists(user.id), false);
  });

  it('does not call a commit of a failed transaction a success', async () => {
    const [taken] = await insertUsers(world, tenant, [{}]);
    const other = userOf(tenant);
    await assert.rejects(
      world.unitOfWork.write(tenant.context, 'none', async (stores) => {
        await stores.users.insert(other);
        await stores.users
          .insert({ ...userOf(tenant), userName: taken?.userName ?? '' })
          .catch(() => undefined);
      }),
      /failed and was ignored/,
    );
    assert.equal(await exists(other.id), false);
  });

  it('opens, binds and locks in one round trip, and binds again only for another organization', async () => {
    const rounds: number[] = [];
    let round = 0;
    const seen: string[] = [];
    const database = openDatabase({
      url: world.url,
      poolSize: 1,
      onStatement: (text) => seen.push(text.split(/[\s(]+/)[1] ?? text),
      onRoundTrip: () => {
        round += 1;
      },
    });
    const unitOfWork = openUnitOfWork(database);
    const other = await addTenant(world, 'Other');
    const work = async (stores: Stores) => stores.users.get(tenant.connectionId, uuidV7(), false);
    for (const context of [tenant.context, tenant.context, other.context]) {
      seen.length = 0;
      round = 0;
      await unitOfWork.read(context, work);
      rounds.push(round);
    }
    assert.deepEqual(rounds, [2, 1, 2], 'a read in a bound connection is one round trip');
    round = 0;
    seen.length = 0;
    await unitOfWork.write(tenant.context, 'shared', work);
    assert.ok(round <= 3, 'at most: begin with binding and lock, the work, commit');
    assert.equal(seen.length, 4);
    round = 0;
    await unitOfWork.write(tenant.context, 'none', work);
    assert.ok(round <= 3);
    await database.close();
  });

  it('runs the work again after a serialization failure, three times at most', async () => {
    let runs = 0;
    const failing = (code: string) => Object.assign(new Error('could not serialize'), { code });
    const result = await world.unitOfWork.write(tenant.context, 'shared', async () => {
      runs += 1;
      if (runs < 4) throw failing(runs % 2 ? '40001' : '40P01');
      return runs;
    });
    assert.equal(result, 4);
    runs = 0;
    await assert.rejects(
      world.unitOfWork.write(tenant.context, 'shared', async () => {
        runs += 1;
        throw failing('40001');
      }),
      { name: 'OperationError', kind: 'unavailable' },
    );
    assert.equal(runs, 4);
  });

  it('resolves a real deadlock by running the loser again', async () => {
    const [a, b] = await insertUsers(world, tenant, [{}, {}]);
    assert.ok(a && b);
    let arrived = 0;
    const lockBoth = (first: string, second: string) =>
      world.unitOfWork.write(tenant.context, 'none', async (stores) => {
        await stores.users.lock(tenant.connectionId, first);
        arrived += 1;
        while (arrived < 2) await new Promise(setImmediate);
        await stores.users.lock(tenant.connectionId, second);
        return true;
      });
    assert.deepEqual(await Promise.all([lockBoth(a.id, b.id), lockBoth(b.id, a.id)]), [true, true]);
  });

  it('runs the work again when a concurrent twin took the username, and then gives up with a conflict', async () => {
    const employee = () => employeeOf({ login: login({ username: 'twin' }) });
    const apply = (stores: Stores, username: string) =>
      stores.people.apply({
        jobTitles: [],
        employees: [{ ...employee(), login: login({ username }) }],
        contacts: [],
      });
    await world.unitOfWork.write(tenant.context, 'shared', (stores) => apply(stores, 'Twin'));
    const tried: string[] = [];
    await world.unitOfWork.write(tenant.context, 'shared', async (stores) => {
      const name = tried.length === 0 ? 'tWIN' : 'twin2';
      tried.push(name);
      await apply(stores, name);
    });
    assert.deepEqual(tried, ['tWIN', 'twin2']);
    await assert.rejects(
      world.unitOfWork.write(tenant.context, 'shared', (stores) => apply(stores, 'twin')),
      { name: 'OperationError', kind: 'conflict', message: 'The username is taken by another person.' },
    );
  });

  it('names a taken userName or displayName as a conflict at once', async () => {
    const [taken] = await insertUsers(world, tenant, [{ userName: 'Ada@Fabrikam.example' }]);
    assert.ok(taken);
    let runs = 0;
    await assert.rejects(
      world.unitOfWork.write(tenant.context, 'shared', async (stores) => {
        runs += 1;
        await stores.users.insert(userOf(tenant, { userName: 'ADA@fabrikam.EXAMPLE' }));
      }),
      { kind: 'conflict', message: 'The userName is taken by another user of this connection.' },
    );
    assert.equal(runs, 1);
  });

  it('refuses values that PostgreSQL cannot hold as invalid, not as a failure', async () => {
    const long = Array.from({ length: 4000 }, () => uuidV7()).join('');
    const values: readonly [string, string][] = [
      ['a\0b', 'U\\+0000'],
      [long, 'too long'],
    ];
    for (const [userName, message] of values) {
      await assert.rejects(
        world.unitOfWork.write(tenant.context, 'none', (stores) =>
          stores.users.insert(userOf(tenant, { userName })),
        ),
        (error: OperationError) => {
          assert.deepEqual([error.kind, error.reason], ['invalid', 'value']);
          assert.match(error.message, new RegExp(message));
          return true;
        },
      );
    }
    const attributes = { title: 'a\0b' };
    await assert.rejects(
      world.unitOfWork.write(tenant.context, 'none', (stores) =>
        stores.users.insert(userOf(tenant, { attributes })),
      ),
      { kind: 'invalid', reason: 'value' },
    );
  });

  it('hands out stores that end with it', async () => {
    const leaked = await world.unitOfWork.read(tenant.context, async (stores) => stores);
    await assert.rejects(leaked.users.idsAfter(tenant.connectionId, null, 1), /unit of work is over/);
  });

  it('runs statements of one unit in the order they were asked for', async () => {
    const users = Array.from({ length: 20 }, () => userOf(tenant));
    await world.unitOfWork.write(tenant.context, 'none', (stores) =>
      Promise.all(users.map((user) => stores.users.insert(user))),
    );
    for (const user of users) assert.ok(await exists(user.id));
  });

  it('takes the organization from a UUID only', async () => {
    const organizationId = "x', false); drop table organizations; --";
    for (const mode of ['read', 'write'] as const) {
      const context = { ...tenant.context, organizationId };
      const work = async () => assert.fail('must not run');
      await assert.rejects(
        mode === 'read'
          ? world.unitOfWork.read(context, work)
          : world.unitOfWork.write(context, 'shared', work),
        /not a UUID/,
      );
    }
    await world.database.ping();
  });

  describe('configuration lock', () => {
    const hold = (configuration: 'shared' | 'exclusive' | 'none', of: Tenant) => {
      let free = (): void => undefined;
      let taken = (): void => undefined;
      const isTaken = new Promise<void>((resolve) => {
        taken = resolve;
      });
      const released = new Promise<void>((resolve) => {
        free = resolve;
      });
      const done = world.unitOfWork.write(of.context, configuration, async () => {
        taken();
        await released;
      });
      return { isTaken, free: () => free(), done };
    };
    const waiting = async () =>
      (
        await world.owner.query(`select 1 from pg_locks where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())`)
      ).rowCount ?? 0;

    it('lets those who decide go together and keeps out who changes the configuration', async () => {
      const first = hold('shared', tenant);
      const second = hold('shared', tenant);
      await Promise.all([first.isTaken, second.isTaken]);
      const writer = hold('exclusive', tenant);
      while ((await waiting()) === 0) await new Promise(setImmediate);
      first.free();
      second.free();
      await writer.isTaken;
      writer.free();
      await Promise.all([first.done, second.done, writer.done]);
    });

    it('concerns one organization', async () => {
      const other = await addTenant(world, 'Elsewhere');
      const writer = hold('exclusive', tenant);
      await writer.isTaken;
      const elsewhere = hold('exclusive', other);
      await elsewhere.isTaken;
      const unlocked = hold('none', tenant);
      await unlocked.isTaken;
      for (const unit of [writer, elsewhere, unlocked]) unit.free();
      await Promise.all([writer.done, elsewhere.done, unlocked.done]);
    });
  });

  it('never mixes organizations: 50 of them over two connections, with failures in between', async () => {
    const database = openDatabase({ url: world.url, poolSize: 2, acquireTimeoutMs: 60_000 });
    const unitOfWork = openUnitOfWork(database);
    const tenants: Tenant[] = [];
    for (let index = 0; index < 50; index += 1) tenants.push(await addTenant(world, `Org ${index}`));
    const step = async (own: Tenant, round: number) => {
      const { context, connectionId } = own;
      const work = async (stores: Stores) => {
        const organization = await stores.organizations.get();
        assert.equal(organization?.id, own.organizationId);
        const before = await stores.users.idsAfter(connectionId, null, 100);
        if (round % 3 === 2) throw new Error('on purpose');
        await stores.users.insert(userOf(own, { userName: `user ${round}` }));
        const after = await stores.users.idsAfter(connectionId, null, 100);
        assert.equal(after.length, before.length + 1);
        return round;
      };
      await unitOfWork.write(context, 'shared', work).catch((error: Error) => {
        if (error.message !== 'on purpose') throw error;
      });
      const seen = await unitOfWork.read(context, (stores) => stores.organizations.get());
      assert.equal(seen?.id, own.organizationId);
    };
    await Promise.all(
      tenants.map(async (own) => {
        for (let round = 0; round < 6; round += 1) await step(own, round);
      }),
    );
    const { rows } = await world.owner.query<{ count: number; organizations: number }>(
      `select count(*)::integer as count, count(distinct organization_id)::integer as organizations
        from directory_users where organization_id = any($1::uuid[])`,
      [tenants.map((own) => own.organizationId)],
    );
    assert.deepEqual(rows, [{ count: 200, organizations: 50 }]);
    await database.close();
  });

  it('sends begin, binding and commit as it says', async () => {
    sent();
    await world.unitOfWork.write(tenant.context, 'exclusive', (stores) =>
      stores.users.missing(tenant.connectionId, [uuidV7()]),
    );
    const texts = sent();
    assert.equal(texts[0], 'begin isolation');
    assert.match(texts[1] ?? '', /^select/);
    assert.equal(texts.at(-1), 'commit');
    assert.equal(texts.length, 4);
  });
});
