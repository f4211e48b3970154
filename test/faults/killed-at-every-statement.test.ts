import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startWorld } from '../admin-api/people-world.ts';
import { startGuardWorld } from '../held-changes/guard-world.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import type { WorkName, WorkScene } from './deciding-works.ts';
import type { Kill, WorkOrder, WorkReport } from './killable-worker.ts';
import { momentsFrom } from './moments.ts';

/** How often a process is killed altogether. `KILL_SEED` repeats a run. */
const kills = Number(process.env['STATEMENT_KILLS'] ?? 200);
const seed = Number(process.env['KILL_SEED'] ?? 20_261_127);
const lanes = 2;

/** Everything that works change, as numbers, read by one statement. */
type Standing = Readonly<Record<string, number>>;

const count = (name: string, from: string): string => `(select count(*)::int from ${from}) as "${name}"`;

const standing = `select ${[
  count(
    'employees',
    `employees e join logins l on l.person_id = e.employee_id
    where e.directory_user_id is not null and e.status = 'active' and l.enabled
      and l.username not like '%\\_Archived%' and e.archived_at is null`,
  ),
  count(
    'archived',
    `employees e join logins l on l.person_id = e.employee_id
    where e.directory_user_id is not null and e.status = 'archived' and not l.enabled
      and l.username like '%\\_Archived%' and l.email like '%\\_Archived%' and e.archived_at is not null`,
  ),
  count('everEmployed', `employees where directory_user_id is not null`),
  count(
    'portalUsers',
    `contacts c join logins l on l.person_id = c.contact_id
    where c.directory_user_id is not null and c.status = 'active' and c.has_portal_access and l.enabled`,
  ),
  count('enabledLogins', 'logins where directory_user_id is not null and enabled'),
  count(
    'twice',
    `(
    select from logins where enabled and directory_user_id is not null group by directory_user_id having count(*) > 1
    union all select from logins where enabled group by email_key having count(*) > 1
    union all select from logins where username_key is not null group by username_key having count(*) > 1) t`,
  ),
  count(
    'portalMembers',
    `memberships m join directory_groups g using (organization_id, directory_group_id)
    where g.rule_key like 'portal%'`,
  ),
  count('inactive', 'directory_users where not active'),
  count('portalRules', `mapping_rules where user_type = 'clientPortal'`),
  `(select guard_max_conversions from settings) as "guard"`,
  ...['waiting', 'approved', 'rejected', 'dissolved'].map((state) =>
    count(state, `held_changes where state = '${state}'`),
  ),
  ...['converted', 'archived', 'restored', 'held'].map((action) =>
    count(`${action}Events`, `provisioning_events where action = '${action}'`),
  ),
  count('events', 'provisioning_events'),
  count('webhookEvents', 'webhook_events'),
  count('deliveries', 'webhook_deliveries'),
  count(
    'unqueued',
    `provisioning_events v
    where v.action in ('archived', 'restored', 'converted') and not exists (
      select from webhook_events w join webhook_deliveries d using (organization_id, webhook_event_id)
      where w.data ->> 'eventId' = v.provisioning_event_id::text)`,
  ),
  count('configurationChanges', 'configuration_changes'),
  count('undos', 'change_set_undos'),
  count('undoneUsers', 'undone_users'),
].join(',\n')}`;

const difference = (from: Standing, to: Standing): Standing =>
  Object.fromEntries(Object.keys(to).map((key) => [key, (to[key] ?? 0) - (from[key] ?? 0)]));

const times = (change: Standing, factor: number): Standing =>
  Object.fromEntries(Object.entries(change).map(([key, value]) => [key, value * factor]));

const isNothing = (change: Standing): boolean => Object.values(change).every((value) => value === 0);

interface Work {
  readonly name: WorkName;
  /** How many people the first of two units of work is about; left out where there is only one. */
  readonly atFirst?: number;
  /** Done before it; what is done already changes nothing. */
  readonly before?: WorkName;
  /** Makes the work necessary where no operation does. */
  readonly sql?: (scene: WorkScene) => string;
}

const retarget = (scene: WorkScene, { userType, securityRoleId, accountId }: WorkScene['portal']): string =>
  `update mapping_rules set user_type = '${userType}', security_role_id = '${securityRoleId}',
    account_id = ${accountId === null ? 'null' : `'${accountId}'`} where mapping_rule_id = '${scene.staffRuleId}'`;

/** Each leaves everybody as the next one expects to find them; the last as the first one does. */
const rounds: readonly {
  readonly title: string;
  readonly people: number;
  readonly works: readonly Work[];
}[] = [
  {
    title: 'by rules, previews, undos and jobs',
    people: 26,
    works: [
      { name: 'ruleToPortal' },
      { name: 'ruleToEmployee' },
      { name: 'applyPreview' },
      { name: 'undoChangeSet' },
      { name: 'runJob', atFirst: 25, sql: (scene) => retarget(scene, scene.portal) },
      { name: 'runJob', atFirst: 25, sql: (scene) => retarget(scene, scene.employee) },
    ],
  },
  {
    title: 'by clients, approvals and refusals',
    people: 8,
    works: [
      { name: 'joinPortal', before: 'openGuard' },
      { name: 'leavePortal' },
      // The guard counts those whom earlier rounds have deactivated; there are more of them than people.
      { name: 'deactivateOne', sql: () => 'delete from guard_windows' },
      { name: 'activateOne' },
      { name: 'joinPortal', before: 'closeGuard' },
      { name: 'approve' },
      { name: 'leavePortal', before: 'openGuard' },
      { name: 'joinPortal', before: 'closeGuard' },
      { name: 'reject' },
      { name: 'leavePortal' },
    ],
  },
];

/** A process that does works until it is killed. */
interface Worker {
  /** Null when it died of the kill. */
  readonly work: (order: WorkOrder) => Promise<WorkReport | null>;
  readonly kill: () => Promise<void>;
}

function startWorker(): Worker {
  const child: ChildProcess = fork(join(import.meta.dirname, 'killable-worker.ts'), {
    execArgv: [],
    env: { ...process.env, NODE_COMPILE_CACHE: 'node_modules/.cache/node' },
  });
  const exited = once(child, 'exit');
  return {
    work: async (order) => {
      const answered = once(child, 'message');
      child.send(order);
      const outcome = await Promise.race([answered, exited.then(() => null)]);
      return outcome === null ? null : outcome[0];
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** What a work does when nothing interrupts it. */
interface Rehearsal {
  readonly change: Standing;
  readonly statements: number;
}

/**
 * REQ-34: what a kill interrupts is done or not begun, for everybody whom one unit of work concerns: logins, archive names,
 * rules, held changes, log, undo notes and what webhooks are told. Processes that do the works of the server kill
 * themselves before a statement or a moment after it was sent, at each statement of each work in turn.
 */
describe('a process that is killed at a statement', { concurrency: lanes }, () => {
  for (const [lane, { title, people, works }] of rounds.entries()) {
    describe(title, { timeout: 60_000 + kills * 3_000 }, () => {
      const random = momentsFrom(seed + lane);
      let database: TestDatabase;
      let sql: pg.Client;
      let scene: WorkScene;
      let worker: Worker;
      let next: Worker;

      before(async () => {
        database = await createTestDatabase();
        sql = new pg.Client({ connectionString: database.url });
        await sql.connect();
        scene = await makeScene(database, sql, people);
        worker = startWorker();
        next = startWorker();
      });
      after(async () => {
        await worker?.kill();
        await next?.kill();
        await sql?.end();
        await database?.drop();
      });

      const read = async (): Promise<Standing> => (await sql.query<Standing>(standing)).rows[0] as Standing;

      /** The server ends what the dead process had sent; a commit that has arrived still happens. */
      const untilAlone = async (): Promise<void> => {
        const others = `select from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`;
        while ((await sql.query(others)).rowCount !== 0) await sleep(2);
      };

      const finish = async (name: WorkName): Promise<WorkReport> => {
        const report = await worker.work({ scene, name, kill: null });
        assert.ok(report !== null && report.error === null, `${name}: ${report?.error}`);
        return report;
      };

      const prepare = async ({ before: first, sql: text }: Work): Promise<void> => {
        if (first !== undefined) await finish(first);
        if (text !== undefined) await sql.query(text(scene));
      };

      const rehearse = async (): Promise<readonly Rehearsal[]> => {
        const found: Rehearsal[] = [];
        for (const work of works) {
          await prepare(work);
          const start = await read();
          const { statements } = await finish(work.name);
          const change = difference(start, await read());
          assert.ok(!isNothing(change), `${work.name} does nothing`);
          found.push({ change, statements });
        }
        return found;
      };

      const assertStepsOf = (
        change: Standing,
        whole: Standing,
        { name, atFirst }: Work,
        kill: Kill,
      ): void => {
        const parts = [0, 1, ...(atFirst === undefined ? [] : [atFirst / people])];
        const isSome = parts.some((part) => isNothing(difference(times(whole, part), change)));
        const what = JSON.stringify({ change, whole });
        assert.ok(isSome, `${name} killed at ${JSON.stringify(kill)}: ${what}`);
      };

      it('leaves the old or the new state, and the work can be finished', async () => {
        // The first time people get records that are found again later.
        await rehearse();
        const rehearsals = await rehearse();
        let killed = 0;
        for (let round = 0; killed < kills / lanes; round += 1) {
          for (const [index, work] of works.entries()) {
            const { change, statements } = rehearsals[index] as Rehearsal;
            const kill = {
              statement: round % statements,
              afterMs: random() < 0.5 ? null : random() * 6,
            };
            await prepare(work);
            const start = await read();
            const report = await worker.work({ scene, name: work.name, kill });
            if (report === null) killed += 1;
            else assert.equal(report.error, null, work.name);
            await worker.kill();
            worker = next;
            next = startWorker();
            await untilAlone();
            const left = await read();
            assertStepsOf(difference(start, left), change, work, kill);
            assert.deepEqual([left['twice'], left['unqueued']], [0, 0], work.name);
            await finish(work.name);
            assert.deepEqual(difference(start, await read()), change, `${work.name}, finished`);
          }
        }
      });
    });
  }
});

async function makeScene(database: TestDatabase, sql: pg.Client, people: number): Promise<WorkScene> {
  const world = await startWorld({ WEBHOOK_ALLOW_PRIVATE: 'true' }, { database });
  const { app, account, roles } = world;
  try {
    // Nobody answers there: deliveries stay, to be counted.
    await world.expect(201, 'POST', '/webhooks', { url: 'http://127.0.0.1:9/nobody' });
    const guard = await startGuardWorld(world);
    await guard.setGuard({});
    const userIds = await guard.hire(people);
    const { rows } = await sql.query('select organization_id as "id" from organizations');
    return {
      databaseUrl: database.url,
      organizationId: rows[0].id,
      connectionId: guard.connection.connectionId,
      staffRuleId: guard.staffRuleId,
      portalGroupId: guard.portalId,
      userIds,
      employee: { userType: 'employee', securityRoleId: roles['Technician'] ?? '', accountId: null },
      portal: {
        userType: 'clientPortal',
        securityRoleId: roles['External User'] ?? '',
        accountId: account.id,
      },
    };
  } finally {
    await app.stop();
  }
}
