import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Json, makeClient, startWorld, unique, type World } from '../admin-api/people-world.ts';
import { type CutOff, openCutOff } from '../postgres/cut-off.ts';
import type { ScimConnection } from '../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/embedded-scratch.ts';
import { executeSql } from '../support/execute-sql.ts';
import { type Receiver, startReceiver } from '../webhooks/receiver.ts';
import { type PlainAnswer, type Push, pushUsers, sendScim, userBody } from './scim-push.ts';

const poolSize = 3;

/** RFC 7644 §3.12 and RFC 9110 §10.2.3. */
function assertScimUnavailable({ status, headers, body }: PlainAnswer): void {
  assert.equal(status, 503, body);
  assert.match(headers.get('content-type') ?? '', /^application\/scim\+json/);
  assert.match(headers.get('retry-after') ?? '', /^\d+$/);
  const { schemas, status: told, detail } = JSON.parse(body);
  assert.deepEqual(schemas, ['urn:ietf:params:scim:api:messages:2.0:Error']);
  assert.equal(told, '503');
  assert.match(detail, /try again/);
}

describe('a database that goes away while the server runs', () => {
  let database: TestDatabase;
  let line: CutOff;
  let world: World;
  let receiver: Receiver;
  let connection: ScimConnection;
  let push: Push | null = null;
  let isCut = false;
  before(async () => {
    database = await createTestDatabase();
    line = await openCutOff(database.url);
    world = await startWorld(
      { DATABASE_POOL_SIZE: String(poolSize), WEBHOOK_ALLOW_PRIVATE: 'true' },
      { database: { url: line.url, drop: async () => undefined } },
    );
    receiver = await startReceiver();
    await world.expect(201, 'POST', '/webhooks', { url: receiver.url });
  });
  beforeEach(async () => {
    connection = await world.app.createScimConnection(unique('connection'));
  });
  afterEach(async () => {
    if (isCut) await restore();
    await push?.stop();
  });
  after(async () => {
    // What has been started is stopped, also when the rest could not be.
    await world?.app.stop();
    await receiver?.close();
    await line?.close();
    await database?.drop();
  });

  const cut = async (): Promise<void> => {
    isCut = true;
    await line.cut();
  };
  const restore = async (): Promise<void> => {
    isCut = false;
    await line.restore();
  };
  const startPush = (name: string): Push => {
    push = pushUsers(connection, unique(name));
    return push;
  };
  const probe = async (path: string): Promise<number> => (await fetch(`${world.app.baseUrl}${path}`)).status;
  const isReady = async () => (await probe('/readyz')) === 200;
  const endAllConnections = () =>
    executeSql(
      database.url,
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`,
    );

  async function assertNothingLost(acknowledged: ReadonlyMap<string, string>): Promise<void> {
    assert.ok(acknowledged.size > 0);
    for (const id of acknowledged.values()) {
      assert.equal((await sendScim(connection, 'GET', `/Users/${id}`)).status, 200);
    }
  }

  /** The pool holds no connection that nobody uses: as many requests at once as it is large are answered. */
  async function assertPoolIsWhole(): Promise<void> {
    const { rows } = await withOwner((owner) =>
      owner.query(
        `select count(*)::integer as "open" from pg_stat_activity
          where datname = current_database() and application_name = 'rollcall'`,
      ),
    );
    assert.ok(rows[0].open <= poolSize, `${rows[0].open} connections`);
    const answers = await Promise.all(
      Array.from({ length: 4 * poolSize }, () =>
        sendScim(connection, 'POST', '/Users', userBody(`${unique('whole')}@example.com`)),
      ),
    );
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201]);
  }

  async function withOwner<Result>(work: (owner: pg.Client) => Promise<Result>): Promise<Result> {
    const owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
    try {
      return await work(owner);
    } finally {
      await owner.end();
    }
  }

  const waitingForLocks = async (): Promise<number> => {
    const { rows } = await withOwner((owner) =>
      owner.query(
        `select count(*)::integer as "waiting" from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`,
      ),
    );
    return rows[0].waiting;
  };

  /** People follow from memberships by a job when there are many, and every one is told to the webhook. */
  async function assertJobsAndWebhooksGoOn(): Promise<void> {
    const client = makeClient(world, connection);
    const group = unique('crew');
    await world.expect(201, 'POST', '/mapping-rules', {
      connectionId: connection.connectionId,
      groupId: group,
      order: 1,
      userType: 'employee',
      securityRoleId: world.roles.Technician,
    });
    const name = unique('crewmate');
    const ids = await Promise.all(
      Array.from({ length: 201 }, (_, index) => client.addUser(`${name}x${index}`)),
    );
    await client.addGroup(group, ids);
    const told = () =>
      new Set(
        receiver.received
          .filter(({ body }) => body.type === 'employee.created' && ids.includes(body.data.directoryUserId))
          .map(({ body }) => body.data.directoryUserId),
      ).size;
    await until(() => told() === ids.length);
    const found: Json = await world.expect(200, 'GET', `/employees?email=${name}x0@contoso.example`);
    assert.equal(found.items.length, 1);
  }

  it('recovers from the end of all its connections, without losing what it acknowledged', async () => {
    const push = startPush('ended');
    for (let times = 1; times <= 5; times += 1) {
      await until(() => push.acknowledged.size > times * 20);
      await endAllConnections();
    }
    const before = push.acknowledged.size;
    await until(() => push.acknowledged.size > before + 20);
    await push.stop();
    for (const { status } of push.refused) assert.equal(status, 503);
    await assertNothingLost(push.acknowledged);
    await assertPoolIsWhole();
    await assertJobsAndWebhooksGoOn();
  });

  it('answers 503 in the format of each API while connections are refused, and recovers by itself', async () => {
    const push = startPush('refused');
    await until(() => push.acknowledged.size > 20);
    await cut();
    const known = [...push.acknowledged.values()][0];
    for (const [method, path, body] of [
      ['GET', `/Users/${known}`],
      ['GET', '/Users?filter=userName eq "x"'],
      ['GET', '/Groups?startIndex=1&count=10'],
      ['POST', '/Users', userBody('nobody@example.com')],
      ['DELETE', `/Users/${known}`],
    ] as const) {
      assertScimUnavailable(await sendScim(connection, method, path, body));
    }
    for (const [method, path, body] of [
      ['GET', '/employees'],
      ['GET', '/mapping-rules'],
      ['POST', '/departments', { name: 'Nowhere' }],
    ] as const) {
      const answer = await world.app.admin(method, path, body);
      assert.equal(answer.status, 503);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
      assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
    }
    assert.equal(await probe('/healthz'), 200);
    assert.equal(await probe('/metrics'), 200);
    assert.equal(await probe('/readyz'), 503);
    const soFar = push.acknowledged.size;
    await restore();
    await until(isReady);
    await until(() => push.acknowledged.size > soFar + 20);
    await push.stop();
    for (const { status } of push.refused) assert.equal(status, 503);
    await assertNothingLost(push.acknowledged);
    await assertPoolIsWhole();
    await assertJobsAndWebhooksGoOn();
  });

  it('tells a client that a user it asked for may exist, not that it is gone', async () => {
    await cut();
    // The token is remembered for a second and then looked up: both ways end in 503, never in 401 or 404.
    const answers = await Promise.all(
      [0, 300, 600, 900, 1200, 1500].map(async (delay) => {
        await sleep(delay);
        return sendScim(connection, 'GET', '/Users/0199c1a0-0000-7000-8000-00000000ffff');
      }),
    );
    await restore();
    for (const answer of answers) assertScimUnavailable(answer);
    await until(isReady);
  });

  it('goes on with others while somebody holds a lock, and with the locked one afterwards', async () => {
    const client = makeClient(world, connection);
    const [locked, free] = [await client.addUser(unique('locked')), await client.addUser(unique('free'))];
    await withOwner(async (owner) => {
      await owner.query('begin');
      await owner.query('select 1 from directory_users where directory_user_id = $1 for update', [locked]);
      const waiting = client.patchUser(locked, { title: 'After the lock' });
      await client.patchUser(free, { title: 'Meanwhile' });
      assert.equal((await sendScim(connection, 'GET', `/Users/${locked}`)).status, 200);
      await owner.query('commit');
      await waiting;
    });
    assert.equal(
      JSON.parse((await sendScim(connection, 'GET', `/Users/${locked}`)).body).title,
      'After the lock',
    );
  });

  it('answers 503 when slow requests hold the whole pool, look-ups excepted, and all of them afterwards', async () => {
    const client = makeClient(world, connection);
    const locked = await client.addUser(unique('locked'));
    const patch = (title: string) =>
      sendScim(
        connection,
        'PATCH',
        `/Users/${locked}`,
        JSON.stringify({
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: [{ op: 'replace', path: 'title', value: title }],
        }),
      );
    await withOwner(async (owner) => {
      await owner.query('begin');
      await owner.query('select 1 from directory_users where directory_user_id = $1 for update', [locked]);
      const slow = Array.from({ length: poolSize }, (_, index) => patch(`Slow ${index}`));
      await until(async () => (await waitingForLocks()) === poolSize);
      assertScimUnavailable(
        await sendScim(connection, 'POST', '/Users', userBody(`${unique('late')}@example.com`)),
      );
      assert.equal(await probe('/healthz'), 200);
      await owner.query('commit');
      assert.deepEqual(
        (await Promise.all(slow)).map(({ status }) => status),
        [200, 200, 200],
      );
    });
    await assertPoolIsWhole();
  });
});
