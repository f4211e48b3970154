import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import pg from 'pg';
import { type Json, makeClient, startWorld, unique, type World } from '../admin-api/people-world.ts';
import type { ScimConnection } from '../support/app.ts';
import { anyRule, ruleBody } from './rules.ts';

/** A directory of a few people whose names get into each other's way, and what an administrator does to its rules. */
const people = fc.uniqueArray(
  fc.record({
    local: fc.constantFrom('ada', 'bob', 'eve', 'kim', 'lee'),
    domain: fc.constantFrom('one', 'two'),
    active: fc.constantFrom(true, true, true, false),
    groups: fc.subarray([0, 1, 2]),
    ownRecord: fc.constantFrom('none', 'none', 'employee', 'contact'),
  }),
  { minLength: 2, maxLength: 7, selector: ({ local, domain }) => `${local}@${domain}` },
);
const initialRules = fc.array(fc.option(anyRule), { minLength: 3, maxLength: 3 });
const guards = fc.constantFrom(
  { maxDeactivations: 1000, maxDeactivationsPercent: 100, maxConversions: 1000 },
  { maxDeactivations: 1, maxDeactivationsPercent: 100, maxConversions: 1 },
  { maxDeactivations: 0, maxDeactivationsPercent: 100, maxConversions: 2 },
);
const changeRound = fc.array(
  fc.record({ group: fc.integer({ min: 0, max: 2 }), wanted: fc.option(anyRule, { freq: 3 }) }),
  { minLength: 1, maxLength: 4 },
);

const stateText = `
  select u.directory_user_id as "id", e.employee_id as "employeeId", c.contact_id as "contactId",
    case when e.employee_id is null then c.security_role_id else e.security_role_id end as "securityRoleId",
    case when e.employee_id is null then c.winning_rule_id else e.winning_rule_id end as "winningRuleId",
    coalesce(l.enabled, false) or (coalesce(m.enabled, false) and c.has_portal_access and c.status = 'active')
      as "loginEnabled"
  from directory_users u
  left join employees e on e.directory_user_id = u.directory_user_id and e.status <> 'archived'
  left join contacts c on c.directory_user_id = u.directory_user_id
  left join logins l on l.person_id = e.employee_id
  left join logins m on m.person_id = c.contact_id
  where u.connection_id = $1`;

describe('a preview of rule changes', () => {
  let world: World;
  let owner: pg.Client;

  before(async () => {
    world = await startWorld();
    owner = new pg.Client({ connectionString: world.app.databaseUrl });
    await owner.connect();
  });
  after(async () => {
    await owner?.end();
    await world?.app.stop();
  });

  const statesOf = async ({ connectionId }: ScimConnection): Promise<Map<string, Json>> => {
    const { rows } = await owner.query(stateText, [connectionId]);
    return new Map(rows.map((row) => [row.id, row]));
  };

  const rulesByGroup = async ({ connectionId }: ScimConnection): Promise<Map<string, string>> => {
    const { items } = await world.expect(200, 'GET', `/mapping-rules?connectionId=${connectionId}`);
    return new Map(items.map((rule: Json) => [rule.groupId, rule.id]));
  };

  /** Turns what is wanted for each group into changes that are valid one after the other. */
  const changesOf = (
    round: Json,
    groups: readonly string[],
    present: Map<string, string>,
    at: ScimConnection,
  ) => {
    const gone = new Set<string>();
    return round.flatMap(({ group, wanted }: Json) => {
      const groupId = groups[group] ?? '';
      const id = present.get(groupId);
      if (id === undefined || gone.has(groupId)) {
        if (wanted === null || present.has(`new ${groupId}`)) return [];
        present.set(`new ${groupId}`, '');
        return [
          { op: 'create', rule: { connectionId: at.connectionId, groupId, ...ruleBody(world, wanted) } },
        ];
      }
      if (wanted !== null) return [{ op: 'update', id, rule: ruleBody(world, wanted) }];
      gone.add(groupId);
      return [{ op: 'delete', id }];
    });
  };

  const previewAll = async (changes: Json): Promise<Json> => {
    const items: Json[] = [];
    let cursor = '';
    for (;;) {
      const page = await world.expect(200, 'POST', `/mapping-rules/preview?limit=3${cursor}`, { changes });
      items.push(...page.items);
      if (page.nextCursor === null) return { ...page, items };
      cursor = `&cursor=${page.nextCursor}`;
    }
  };

  const populate = async (given: Json, connection: ScimConnection): Promise<readonly string[]> => {
    const client = makeClient(world, connection);
    const suffix = unique('p');
    const ids: string[] = [];
    for (const { local, domain, active, ownRecord } of given) {
      const address = `${local}@${domain}.${suffix}.example`;
      const names = { firstName: local, lastName: 'Local' };
      if (ownRecord === 'employee')
        await world.expect(201, 'POST', '/employees', { ...names, email: address });
      if (ownRecord === 'contact') {
        const emails = [{ address, type: 'Work', isDefault: true }];
        await world.expect(201, 'POST', '/contacts', { ...names, accountId: world.account.id, emails });
      }
      ids.push(await client.addUser(`${local}.${domain}`, { userName: address, active }));
    }
    const groups = [0, 1, 2].map((index) => `${suffix}-${index}`);
    for (const [index, groupId] of groups.entries()) {
      const members = ids.filter((_, at) => given[at].groups.includes(index));
      await client.addGroup(groupId, members);
    }
    return groups;
  };

  it('lists exactly what applying does, over random directories, changes and limits of the guard', {
    timeout: 110_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        people,
        initialRules,
        fc.tuple(changeRound, changeRound, changeRound),
        guards,
        async (given, initial, rounds, guard) => {
          await world.expect(200, 'PATCH', '/settings', { guard });
          const connection = await world.app.createScimConnection(unique('Directory'));
          const groups = await populate(given, connection);
          for (const [index, content] of initial.entries()) {
            if (content === null) continue;
            const body = {
              connectionId: connection.connectionId,
              groupId: groups[index],
              ...ruleBody(world, content),
            };
            await world.expect(201, 'POST', '/mapping-rules', body);
          }
          for (const round of rounds) await checkRound(round, groups, connection);
        },
      ),
      { seed: 20261127, numRuns: 30 },
    );
  });

  const checkRound = async (round: Json, groups: readonly string[], connection: ScimConnection) => {
    const rules = await rulesByGroup(connection);
    const known = new Set(rules.values());
    const changes = changesOf(round, groups, new Map(rules), connection);
    if (changes.length === 0) return;
    const was = await statesOf(connection);
    const preview = await previewAll(changes);
    assert.deepEqual(await statesOf(connection), was, 'a preview writes nothing');
    const { counts } = await world.expect(200, 'POST', '/mapping-rules/apply', {
      changes,
      digest: preview.digest,
    });
    assert.deepEqual(counts, preview.counts);
    const listed = new Map<string, Json>(preview.items.map((item: Json) => [item.directoryUserId, item]));
    const existed = new Set([...was.values()].flatMap((state) => [state.employeeId, state.contactId]));
    for (const [id, now] of await statesOf(connection)) {
      const item = listed.get(id);
      if (item === undefined) {
        assert.deepEqual(now, was.get(id), 'whoever is not listed stays as they were');
        continue;
      }
      const { outcome: _outcome, userType: _type, ...planned } = item.after;
      const shown = (recordId: string | null) =>
        recordId === null ||
        existed.has(recordId) ||
        recordId === planned.employeeId ||
        recordId === planned.contactId
          ? recordId
          : null;
      assert.deepEqual(planned, {
        securityRoleId: now.securityRoleId,
        winningRuleId: known.has(now.winningRuleId) ? now.winningRuleId : null,
        employeeId: shown(now.employeeId),
        contactId: shown(now.contactId),
        loginEnabled: now.loginEnabled,
      });
    }
  };

  it('plans more people than are decided at once like one list, and applies them in the background', async () => {
    const connection = await world.app.createScimConnection(unique('Large'));
    const client = makeClient(world, connection);
    const word = unique('crowd');
    const ids: string[] = [];
    for (let from = 0; from < 410; from += 10) {
      const some = Array.from({ length: 10 }, (_, index) => from + index);
      // Many share a local part, so that a name taken in one batch is not free in the next.
      ids.push(
        ...(await Promise.all(
          some.map((n) =>
            client.addUser(`${word}${n % 300}`, { userName: `${word}${n % 300}@d${n}.example` }),
          ),
        )),
      );
    }
    const group = unique('group');
    await client.addGroup(group, ids);
    const rule = {
      connectionId: connection.connectionId,
      groupId: group,
      ...ruleBody(world, { order: 1, kind: 'Technician', enabled: true }),
    };
    const changes = [{ op: 'create', rule }];
    const preview = await world.expect(200, 'POST', '/mapping-rules/preview?limit=200', { changes });
    assert.equal(preview.counts.createEmployee, 410);
    const wrong = { changes, digest: 'another' };
    assert.equal((await world.call('POST', '/mapping-rules/apply', wrong)).status, 409);
    await world.expect(200, 'POST', '/mapping-rules/apply', { changes, digest: preview.digest });
    const enabled = async () =>
      [...(await statesOf(connection)).values()].filter((it) => it.loginEnabled).length;
    while ((await enabled()) < 410) await sleep(50);
  });
});
