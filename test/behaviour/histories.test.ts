import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { type Json, makeClient, startWorld, unique, type World } from '../admin-api/people-world.ts';
import {
  anyOrder,
  arrive,
  type Fact,
  factsOfEach,
  groupCount,
  historySettings,
  historyTimeout,
  type Told,
} from '../provisioning/directory-facts.ts';
import type { ScimConnection } from '../support/app.ts';

/** People by the connection that tells of them; names get a suffix, so that histories do not meet. */
const identities = [
  { connection: 0, userName: (suffix: string) => `ada.${suffix}@contoso.example` },
  { connection: 0, userName: (suffix: string) => `dee.${suffix}_home.example#EXT#@contoso.example` },
  { connection: 1, userName: (suffix: string) => `bob.${suffix}@fabrikam.example` },
];
/** A user name as it is told of everybody in a history where all are the same person. */
const sameName = (suffix: string): string => `ada.${suffix}@contoso.example`;

const invariants = `
  select
    (select count(*)::integer from employees) + (select count(*)::integer from contacts) as "people",
    (select count(*)::integer from (
      select from logins where enabled and directory_user_id is not null group by directory_user_id having count(*) > 1) a)
      as "doubleUsers",
    (select count(*)::integer from (select from logins where username is not null
      group by lower(username) having count(*) > 1) b) as "doubleNames",
    (select count(*)::integer from (select from logins where email is not null
      group by lower(email) having count(*) > 1) c) as "doubleEmails",
    (select e.status || ' ' || l.enabled || ' ' || s.is_administrator from employees e
      join logins l on l.person_id = e.employee_id
      join security_roles s on s.security_role_id = e.security_role_id where e.is_root) as "root"`;

/** Every record of the history, without what tells histories apart. */
const endText = `
  select to_jsonb(e) - '{employee_id,organization_id,directory_user_id,current_directory_user_id,winning_rule_id,created_at,
      updated_at,archived_at,predecessor_id,successor_id,job_title_id,manager_id,department_id,location_id,employee_role_id}'::text[]
    || jsonb_build_object('title', (select j.name from job_titles j where j.job_title_id = e.job_title_id),
      'linked', e.directory_user_id is not null, 'ruled', e.winning_rule_id is not null, 'follows', e.predecessor_id is not null,
      'username', l.username, 'email', l.email, 'enabled', l.enabled) as "record"
  from employees e join logins l on l.person_id = e.employee_id
  where e.first_name = $1
  union all
  select to_jsonb(c) - '{contact_id,organization_id,directory_user_id,winning_rule_id,created_at,updated_at}'::text[]
    || jsonb_build_object('linked', c.directory_user_id is not null, 'ruled', c.winning_rule_id is not null,
      'username', l.username, 'email', l.email, 'enabled', l.enabled,
      'emails', (select jsonb_agg(m.address order by m.position) from contact_emails m where m.contact_id = c.contact_id))
  from contacts c left join logins l on l.person_id = c.contact_id
  where c.first_name = $1`;

describe('histories of two directories, pushed by SCIM', () => {
  let world: World;
  let owner: pg.Client;

  before(async () => {
    world = await startWorld();
    const guard = { maxDeactivations: 10_000, maxDeactivationsPercent: 100, maxConversions: 10_000 };
    await world.expect(200, 'PATCH', '/settings', { guard });
    owner = new pg.Client({ connectionString: world.app.databaseUrl });
    await owner.connect();
  });
  after(async () => {
    await owner?.end();
    await world?.app.stop();
  });

  interface Place {
    readonly connection: ScimConnection;
    readonly client: ReturnType<typeof makeClient>;
    readonly groups: readonly string[];
  }

  const rules = (): readonly Json[] => {
    const employee = { userType: 'employee', securityRoleId: world.roles['Technician'] };
    const portal = { userType: 'clientPortal', securityRoleId: world.roles['External User'] };
    const reader = { ...employee, securityRoleId: world.roles['Read Only'] };
    return [employee, { ...portal, accountId: world.account.id }, reader];
  };

  const openPlace = async (): Promise<Place> => {
    const connection = await world.app.createScimConnection(unique('Directory'));
    const client = makeClient(world, connection);
    const groups: string[] = [];
    for (const [order, rule] of rules().slice(0, groupCount).entries()) {
      const groupId = unique('group');
      groups.push(await client.addGroup(groupId));
      const { connectionId } = connection;
      await world.expect(201, 'POST', '/mapping-rules', { connectionId, groupId, order, ...rule });
    }
    return { connection, client, groups };
  };

  /** What a directory sends for the facts of one user; a deleted one is created anew, as SCIM has it. */
  class Sender {
    readonly #place: Place;
    readonly #userName: string;
    readonly #suffix: string;
    #id: string | null = null;

    constructor(place: Place, userName: string, suffix: string) {
      this.#place = place;
      this.#userName = userName;
      this.#suffix = suffix;
    }

    async send(fact: Fact | null): Promise<void> {
      const { client } = this.#place;
      if (fact === null || (fact.kind === 'restore' && this.#id === null)) {
        const name = { givenName: this.#suffix, familyName: 'Doe' };
        this.#id ??= await client.addUser(unique('user'), { userName: this.#userName, name });
      } else if (this.#id !== null) await this.#sendOf(this.#id, fact);
    }

    async #sendOf(id: string, fact: Fact): Promise<void> {
      const { client, connection, groups } = this.#place;
      const patch = (value: object) => client.patchUser(id, value);
      switch (fact.kind) {
        case 'title':
          return patch({ title: fact.value });
        case 'phone':
          return patch({ phoneNumbers: [{ type: 'work', value: fact.value }] });
        case 'lastName':
          return patch({ 'name.familyName': fact.value });
        case 'disable':
          return patch({ active: false });
        case 'enable':
          return patch({ active: true, userName: this.#userName });
        case 'tombstone':
          return patch({ active: false, userName: `${'0123456789abcdef'.repeat(2)}${this.#userName}` });
        case 'join':
        case 'leave': {
          const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
          const op = fact.kind === 'join' ? 'add' : 'remove';
          const Operations = [{ op, path: 'members', value: [{ value: id }] }];
          const path = `/Groups/${groups[fact.group]}`;
          return world.scim(200, connection, 'PATCH', path, { schemas, Operations });
        }
        case 'delete':
          this.#id = null;
          return client.deleteUser(id);
        case 'restore':
          return;
      }
    }
  }

  interface Look {
    readonly people: number;
  }
  const look = async (): Promise<Look> => {
    const { people, ...rest } = (await owner.query(invariants)).rows[0];
    assert.deepEqual(rest, { doubleUsers: 0, doubleNames: 0, doubleEmails: 0, root: 'active true true' });
    return { people };
  };

  /** Lets a history happen, looking at every step; answers where it ends. */
  const live = async (told: readonly Told[], namesOf: (who: number, suffix: string) => string) => {
    const suffix = unique('h').replace('-', '');
    const places = [await openPlace(), await openPlace()];
    const senders = identities.map(({ connection }, who) => {
      const place = places[connection] ?? assert.fail('no such connection');
      return new Sender(place, namesOf(who, suffix), suffix);
    });
    let { people } = await look();
    for (const { who, fact, isRepeated } of told) {
      await senders[who]?.send(fact);
      if (isRepeated && fact?.kind !== 'delete' && fact?.kind !== 'restore') await senders[who]?.send(fact);
      const now = await look();
      assert.ok(now.people >= people, 'nobody is deleted');
      people = now.people;
    }
    const { rows } = await owner.query(endText, [suffix]);
    return rows.map(({ record }) => JSON.stringify(record).replaceAll(suffix, '')).sort();
  };

  const facts = factsOfEach(identities.length, 5);
  const order = anyOrder(identities.length, 12);

  it('of people who have nothing in common end alike, however they are mixed and repeated (REQ-09, REQ-16, REQ-33)', {
    timeout: historyTimeout,
  }, async () => {
    const namesOf = (who: number, suffix: string): string => identities[who]?.userName(suffix) ?? '';
    let records = 0;
    await fc.assert(
      fc.asyncProperty(facts, order, order, async (given, one, other) => {
        const end = await live(arrive(given, one), namesOf);
        assert.deepEqual(end, await live(arrive(given, other), namesOf));
        records += end.length;
      }),
      historySettings(15),
    );
    assert.ok(records > 10, `${records} people came of it`);
  });

  it('of several users with one email leave one login, and delete nobody (REQ-33, D-05)', {
    timeout: historyTimeout,
  }, async () => {
    // User names are unique within a connection: the second one of it is a guest with the address of the first one.
    const guest = (suffix: string): string => `ada.${suffix}_contoso.example#EXT#@contoso.example`;
    const namesOf = (who: number, suffix: string): string => (who === 1 ? guest(suffix) : sameName(suffix));
    await fc.assert(
      fc.asyncProperty(facts, order, async (given, one) => {
        await live(arrive(given, one), namesOf);
      }),
      historySettings(15),
    );
  });
});
