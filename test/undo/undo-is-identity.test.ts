import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { type Json, makeClient, startWorld, unique, type World } from '../admin-api/people-world.ts';
import { anyRule, roleNames, ruleBody } from '../rule-preview/rules.ts';
import type { ScimConnection } from '../support/app.ts';

const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const people = fc.uniqueArray(
  fc.record({
    local: fc.constantFrom('ada', 'bob', 'eve', 'kim'),
    domain: fc.constantFrom('one', 'two'),
    active: fc.constantFrom(true, true, true, false),
    groups: fc.subarray([0, 1, 2]),
    ownRecord: fc.constantFrom('none', 'none', 'employee', 'contact'),
  }),
  { minLength: 2, maxLength: 5, selector: ({ local, domain }) => `${local}@${domain}` },
);
const who = fc.nat({ max: 4 });
const where = fc.nat({ max: 2 });
/** What a directory or an administrator does in one request. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('rule'), where, content: fc.option(anyRule, { freq: 4 }) }),
  fc.record({
    kind: fc.constant('membership'),
    where,
    op: fc.constantFrom('add', 'remove'),
    who: fc.array(who, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('active'), who, value: fc.boolean() }),
  fc.record({ kind: fc.constant('title'), who, value: fc.constantFrom('Engineer', 'Manager', 'Chief') }),
  fc.record({ kind: fc.constant('rename'), who, value: fc.constantFrom('ann', 'joe') }),
  fc.record({ kind: fc.constant('delete'), who }),
);

const everything = `
  select
    (select json_agg(to_jsonb(e) - 'updated_at' || jsonb_build_object('login',
        (select to_jsonb(l) - 'sessions_ended_at' from logins l where l.person_id = e.employee_id)) order by e.employee_id)
      from employees e) as employees,
    (select json_agg(to_jsonb(c) - 'updated_at' || jsonb_build_object(
        'login', (select to_jsonb(l) - 'sessions_ended_at' from logins l where l.person_id = c.contact_id),
        'emails', (select json_agg(m order by m.position) from contact_emails m where m.contact_id = c.contact_id))
        order by c.contact_id)
      from contacts c) as contacts,
    (select json_agg(to_jsonb(r) - 'updated_at' - 'revision' order by r.mapping_rule_id) from mapping_rules r) as rules`;

describe('an undo', () => {
  let world: World;
  let owner: pg.Client;

  before(async () => {
    world = await startWorld();
    const guard = { maxDeactivations: 1000, maxDeactivationsPercent: 100, maxConversions: 1000 };
    await world.expect(200, 'PATCH', '/settings', { guard });
    owner = new pg.Client({ connectionString: world.app.databaseUrl });
    await owner.connect();
  });
  after(async () => {
    await owner?.end();
    await world?.app.stop();
  });

  const state = async (): Promise<Json> => (await owner.query(everything)).rows[0];

  interface Directory {
    readonly connection: ScimConnection;
    readonly users: readonly string[];
    readonly groups: readonly { readonly id: string; readonly name: string }[];
    readonly suffix: string;
  }

  const populate = async (given: Json): Promise<Directory> => {
    const connection = await world.app.createScimConnection(unique('Directory'));
    const client = makeClient(world, connection);
    const suffix = unique('u');
    const users: string[] = [];
    for (const { local, domain, active, ownRecord } of given) {
      const address = `${local}@${domain}.${suffix}.example`;
      const names = { firstName: local, lastName: 'Local' };
      if (ownRecord === 'employee')
        await world.expect(201, 'POST', '/employees', { ...names, email: address });
      if (ownRecord === 'contact') {
        const emails = [{ address, type: 'Work', isDefault: true }];
        await world.expect(201, 'POST', '/contacts', { ...names, accountId: world.account.id, emails });
      }
      users.push(await client.addUser(`${local}.${domain}`, { userName: address, active }));
    }
    const groups = [];
    for (const index of [0, 1, 2]) {
      const name = `${suffix}-${index}`;
      const members = users.filter((_, at) => given[at].groups.includes(index));
      groups.push({ name, id: await client.addGroup(name, members) });
    }
    return { connection, users, groups, suffix };
  };

  const push = async ({ connection }: Directory, method: string, path: string, body?: Json) => {
    const answer = await world.app.scim(connection, method, path, body);
    return answer.status < 300 ? answer.headers.get('x-request-id') : null;
  };
  const patch = (directory: Directory, path: string, ...operations: Json[]) =>
    push(directory, 'PATCH', path, { schemas: [patchSchema], Operations: operations });

  const changeRule = async ({ connection, groups }: Directory, index: number, content: Json) => {
    const { connectionId } = connection;
    const { items } = await world.expect(200, 'GET', `/mapping-rules?connectionId=${connectionId}`);
    const groupId = groups[index]?.name ?? '';
    const present = items.find((rule: Json) => rule.groupId === groupId);
    if (present === undefined && content === null) return null;
    const path = present === undefined ? '/mapping-rules' : `/mapping-rules/${present.id}`;
    const body =
      present === undefined
        ? { connectionId, groupId, ...ruleBody(world, content) }
        : content && ruleBody(world, content);
    const method = present === undefined ? 'POST' : content === null ? 'DELETE' : 'PATCH';
    const answer = await world.call(method, path, body ?? undefined);
    assert.ok(answer.status < 300, JSON.stringify(answer.body));
    return answer.header('x-request-id');
  };

  /** Answers the change set; null when there was nothing to do, or the directory was refused. */
  const take = (directory: Directory, given: Json): Promise<string | null> => {
    const { users, groups, suffix } = directory;
    const user = users[given.who % users.length] ?? '';
    switch (given.kind) {
      case 'rule':
        return changeRule(directory, given.where, given.content);
      case 'membership': {
        const value = given.who.map((at: number) => ({ value: users[at % users.length] }));
        return patch(directory, `/Groups/${groups[given.where]?.id}`, {
          op: given.op,
          path: 'members',
          value,
        });
      }
      case 'active':
        return patch(directory, `/Users/${user}`, { op: 'replace', path: 'active', value: given.value });
      case 'title':
        return patch(directory, `/Users/${user}`, { op: 'replace', path: 'title', value: given.value });
      case 'rename': {
        const value = `${given.value}@one.${suffix}.example`;
        return patch(directory, `/Users/${user}`, { op: 'replace', path: 'userName', value });
      }
      default:
        return push(directory, 'DELETE', `/Users/${user}`);
    }
  };

  /** New records are no part of the identity: they stay, without access. */
  const checkRestored = (was: Json, now: Json) => {
    for (const part of ['employees', 'contacts'] as const) {
      const key = part === 'employees' ? 'employee_id' : 'contact_id';
      const known = new Set((was[part] ?? []).map((record: Json) => record[key]));
      const kept = (now[part] ?? []).filter((record: Json) => known.has(record[key]));
      assert.deepEqual(kept, was[part] ?? []);
      for (const record of (now[part] ?? []).filter((it: Json) => !known.has(it[key]))) {
        assert.notEqual(record.status, 'active');
        assert.equal(record.login?.enabled ?? false, false);
        assert.equal(record.login?.username ?? null, null);
      }
    }
    assert.deepEqual(now.rules, was.rules);
  };

  it('is the identity where nothing was edited since, and its own undo brings the change back', {
    timeout: 110_000,
  }, async () => {
    let undone = 0;
    await fc.assert(
      fc.asyncProperty(
        people,
        fc.array(fc.option(anyRule), { minLength: 3, maxLength: 3 }),
        fc.array(step, { minLength: 2, maxLength: 6 }),
        async (given, rules, steps) => {
          const directory = await populate(given);
          for (const [index, content] of rules.entries())
            if (content) await changeRule(directory, index, content);
          for (const one of steps) {
            const was = await state();
            const set = await take(directory, one);
            if (set === null || (await world.call('GET', `/change-sets/${set}`)).status === 404) continue;
            const applied = await state();
            const report = await world.expect(200, 'POST', `/change-sets/${set}/undo`);
            assert.deepEqual(report.leftAlone, []);
            checkRestored(was, await state());
            if (report.undoId === null) {
              assert.deepEqual(applied, was, 'only what changed nothing has nothing to undo');
              continue;
            }
            const back = await world.expect(200, 'POST', `/change-sets/${report.undoId}/undo`);
            assert.deepEqual(back.leftAlone, []);
            assert.deepEqual(await state(), applied, 'the undo of the undo is the change');
            undone += 1;
          }
        },
      ),
      { seed: 20261127, numRuns: 25 },
    );
    assert.ok(undone > 20, `${undone} change sets were undone`);
  });

  it('of all changes, the latest first, leads back to the beginning', { timeout: 110_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(people, fc.array(step, { minLength: 3, maxLength: 8 }), async (given, steps) => {
        const directory = await populate(given);
        for (const index of [0, 1]) {
          await changeRule(directory, index, { order: index, kind: roleNames[index * 2], enabled: true });
        }
        const was = await state();
        const sets = [];
        for (const one of steps) sets.push(await take(directory, one));
        for (const set of sets.reverse()) {
          if (set === null || (await world.call('GET', `/change-sets/${set}`)).status === 404) continue;
          const report = await world.expect(200, 'POST', `/change-sets/${set}/undo`);
          const real = report.leftAlone.filter((it: Json) => !/Another record stands/.test(it.reason));
          assert.deepEqual(real, []);
          if (report.leftAlone.length > 0) return;
        }
        checkRestored(was, await state());
      }),
      { seed: 4, numRuns: 15 },
    );
  });
});
