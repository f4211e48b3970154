import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { switchProvisioningOn } from '../bench/switch-provisioning-on.ts';
import { type AdminClient, makeAdminClient } from '../demo/admin-client.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { momentsFrom } from './moments.ts';
import { type PushTarget, sendScim, userBody } from './scim-push.ts';

/** How often the server is killed; each time costs a start of the server. `KILL_SEED` repeats a run. */
const kills = Number(process.env['KILLS'] ?? 10);
const seed = Number(process.env['KILL_SEED'] ?? 20_261_127);
const peopleCount = 12;
const nobodyHeld = {
  maxDeactivations: 1e6,
  maxDeactivationsPercent: 100,
  maxConversions: 1e6,
  windowMinutes: 60,
};

/** What the database says of the people, all at once. */
interface Standing {
  /** Current employees with an enabled login; portal users; people whose login works. */
  readonly employees: number;
  readonly portalUsers: number;
  readonly enabledLogins: number;
  /** Archived employees whose names, dates, login and log entries do not all say so. */
  readonly halfArchived: number;
  readonly twice: number;
  readonly ruleType: string;
  readonly waiting: number;
  readonly approved: number;
  /** Log entries without their event, or an event of nobody's webhook. */
  readonly unqueued: number;
}

const standing = `
  select
    (select count(*)::int from employees e join logins l on l.person_id = e.employee_id
      where e.directory_user_id is not null and e.status = 'active' and l.enabled) as "employees",
    (select count(*)::int from contacts c join logins l on l.person_id = c.contact_id
      where c.directory_user_id is not null and c.status = 'active' and c.has_portal_access and l.enabled) as "portalUsers",
    (select count(*)::int from logins l where l.directory_user_id is not null and l.enabled) as "enabledLogins",
    (select count(*)::int from employees e join logins l on l.person_id = e.employee_id
      where (e.status = 'archived') <> (l.username like '%\\_Archived%')
        or (e.status = 'archived') <> (l.email like '%\\_Archived%')
        or (e.status = 'archived') <> (e.archived_at is not null)
        or (e.status = 'archived' and l.enabled)
        or (e.directory_user_id is not null and (e.status = 'archived') <> coalesce((
          select v.action = 'archived' from provisioning_events v
          where v.employee_id = e.employee_id and v.action in ('archived', 'restored')
          order by v.provisioning_event_id desc limit 1), false))) as "halfArchived",
    (select count(*)::int from (
      select from logins l where l.enabled group by l.directory_user_id having l.directory_user_id is not null and count(*) > 1
      union all select from logins l where l.enabled group by l.email_key having count(*) > 1
      union all select from logins l group by l.username_key having l.username_key is not null and count(*) > 1) t) as "twice",
    (select user_type from mapping_rules where group_key = 'staff') as "ruleType",
    (select count(*)::int from held_changes where state = 'waiting') as "waiting",
    (select count(*)::int from held_changes where state = 'approved') as "approved",
    (select count(*)::int from provisioning_events v
      where v.action in ('archived', 'restored', 'converted') and not exists (
        select from webhook_events w join webhook_deliveries d using (organization_id, webhook_event_id)
        where w.data ->> 'eventId' = v.provisioning_event_id::text)) as "unqueued"`;

/**
 * REQ-34: what a kill interrupts is done or not begun, for everybody whom one request concerns, together with the rule,
 * the log, the answer of the administrator and what webhooks are told. The server is killed while it works on a request,
 * at random moments; another one, started beforehand, goes on with the same database.
 */
describe('a server that is killed while people are converted', { timeout: 60_000 + kills * 20_000 }, () => {
  let database: TestDatabase;
  let sql: pg.Client;
  let server: ServerProcess;
  let next: Promise<ServerProcess>;
  let target: PushTarget;
  let portalGroup: string;
  let userIds: string[];
  let ruleId: string;
  let portal: object;
  let employee: object;
  const adminKey = `kill_${randomBytes(24).toString('base64url')}`;

  const start = (): Promise<ServerProcess> =>
    startServerProcess({
      DATABASE_URL: database.url,
      PORT: '0',
      ADMIN_API_KEY: adminKey,
      ENCRYPTION_KEY: '0'.repeat(64),
      LOG_LEVEL: 'silent',
      WEBHOOK_ALLOW_PRIVATE: 'true',
    });
  const admin = (): AdminClient => makeAdminClient(server.baseUrl, adminKey);
  const scim = async (method: string, path: string, body: object): Promise<string> => {
    const answer = await sendScim(target, method, path, JSON.stringify(body));
    assert.ok(answer.status < 300, `${answer.status} ${answer.body}`);
    return answer.body;
  };
  const read = async (): Promise<Standing> => (await sql.query<Standing>(standing)).rows[0] as Standing;
  const retarget = (): void => {
    target = { ...target, scimBaseUrl: server.baseUrl + new URL(target.scimBaseUrl).pathname };
  };
  const members = (op: 'add' | 'remove') =>
    scim('PATCH', `/Groups/${portalGroup}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op, path: 'members', value: userIds.map((value) => ({ value })) }],
    });
  const setGuard = (guard: object) => admin().patch('/settings', { guard: { ...nobodyHeld, ...guard } });
  /** Nobody waits any more where the answer was given before the kill. */
  const answerHeld = async (answer: 'approve' | 'reject'): Promise<void> => {
    const waiting = await admin().all<{ id: string }>('/held-changes');
    const ids = waiting.map(({ id }) => id);
    if (ids.length > 0) await admin().post(`/held-changes/${answer}`, { ids });
  };

  before(async () => {
    database = await createTestDatabase();
    sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    server = await start();
    next = start();
    const { technician, externalUser } = await switchProvisioningOn(admin());
    await setGuard({});
    const connection = await admin().post<{ id: string }>('/connections', { name: 'Killed', kind: 'scim' });
    const { token } = await admin().post<{ token: string }>(`/connections/${connection.id}/scim-tokens`, {
      name: 't',
    });
    target = { scimBaseUrl: `${server.baseUrl}/scim/v2/${connection.id}`, token };
    // Nobody answers there: deliveries stay, to be counted.
    await admin().post('/webhooks', { url: 'http://127.0.0.1:9/nobody' });
    const account = await admin().post<{ id: string }>('/accounts', { name: 'Fabrikam' });
    employee = { userType: 'employee', securityRoleId: technician };
    portal = { userType: 'clientPortal', securityRoleId: externalUser, accountId: account.id };
    const rule = { connectionId: connection.id, groupId: 'staff', order: 9, ...employee };
    ruleId = (await admin().post<{ id: string }>('/mapping-rules', rule)).id;
    await admin().post('/mapping-rules', {
      connectionId: connection.id,
      groupId: 'portal',
      order: 1,
      ...portal,
    });
    userIds = [];
    for (let index = 0; index < peopleCount; index += 1) {
      const answer = await sendScim(target, 'POST', '/Users', userBody(`person${index}@kill.example`));
      userIds.push(JSON.parse(answer.body).id);
    }
    const group = (externalId: string, ids: readonly string[]) =>
      scim('POST', '/Groups', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName: externalId,
        externalId,
        members: ids.map((value) => ({ value })),
      });
    await group('staff', userIds);
    portalGroup = JSON.parse(await group('portal', [])).id;
  });
  after(async () => {
    await server?.kill();
    await (await next?.catch(() => null))?.kill();
    await sql?.end();
    await database?.drop();
  });

  /** Each leaves everybody as the next one expects to find them, and can be done again when it was done already. */
  const works: readonly (readonly [name: string, work: () => Promise<unknown>])[] = [
    ['a rule that makes everybody a portal user', () => admin().patch(`/mapping-rules/${ruleId}`, portal)],
    [
      'a rule that makes everybody an employee again',
      () => admin().patch(`/mapping-rules/${ruleId}`, { ...employee, accountId: null }),
    ],
    ['a client that moves everybody into a group of portal users', () => members('add')],
    ['a client that takes everybody out of it', () => members('remove')],
    [
      'a change that was previewed',
      async () => {
        const changes = [{ op: 'update', id: ruleId, rule: portal }];
        const { digest } = await admin().post<{ digest: string }>('/mapping-rules/preview', { changes });
        await admin().post('/mapping-rules/apply', { changes, digest });
      },
    ],
    [
      'an undo of that change',
      async () => {
        const { userType } = await admin().get<{ userType: string }>(`/mapping-rules/${ruleId}`);
        if (userType === 'employee') return;
        const { items } = await admin().get<{ items: { id: string }[] }>(
          '/change-sets?trigger=ruleChange&limit=1',
        );
        await admin().post(`/change-sets/${items[0]?.id}/undo`, {});
      },
    ],
    [
      'an approval of held conversions',
      async () => {
        await setGuard({ maxConversions: 0 });
        await members('add');
        await answerHeld('approve');
        await setGuard({});
      },
    ],
    [
      'the way back from it',
      async () => {
        await setGuard({});
        await members('remove');
      },
    ],
    [
      'a refusal of held conversions',
      async () => {
        await setGuard({ maxConversions: 0 });
        await members('add');
        await answerHeld('reject');
      },
    ],
    [
      'the way back from that',
      async () => {
        await members('remove');
        await setGuard({});
      },
    ],
  ];

  const assertWhole = async (name: string): Promise<void> => {
    const now = await read();
    const at = `${name}: ${JSON.stringify(now)}`;
    assert.ok(now.employees === peopleCount || now.portalUsers === peopleCount, at);
    assert.deepEqual(
      [now.enabledLogins, now.halfArchived, now.twice, now.unqueued],
      [peopleCount, 0, 0, 0],
      at,
    );
    assert.ok(now.waiting === 0 || now.waiting === peopleCount, at);
    assert.ok(now.approved % peopleCount === 0, at);
    if (now.ruleType === 'clientPortal') assert.equal(now.portalUsers, peopleCount, at);
  };

  const takeOver = async (): Promise<void> => {
    await server.kill();
    server = await next;
    next = start();
    retarget();
  };

  it(`leaves the old or the new state, never between (${kills} kills)`, async () => {
    const random = momentsFrom(seed);
    const durations = new Map<string, number>();
    const outcomes = { done: 0, interrupted: 0 };
    for (let kill = 0; kill < kills + works.length; kill += 1) {
      const [name, work] = works[kill % works.length] as (typeof works)[number];
      const started = performance.now();
      // The first round is measured, so that the kills fall within the work.
      if (kill >= works.length) {
        const working = work().then(
          () => 'done' as const,
          () => 'interrupted' as const,
        );
        await sleep(random() * (durations.get(name) ?? 100));
        await takeOver();
        outcomes[await working] += 1;
        await assertWhole(name);
      }
      await work();
      if (kill < works.length) durations.set(name, performance.now() - started);
      await assertWhole(`${name}, done again`);
    }
    assert.ok(outcomes.interrupted > 0, JSON.stringify(outcomes));
  });
});
