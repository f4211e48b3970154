import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { DirectoryUser } from '../../src/directory/directory-user.ts';
import type { ReconcileCause } from '../../src/provisioning/reconcile-cause.ts';
import { aRule, aUser, now, portalRule } from '../support/decision-fixtures.ts';
import { Psa, rootOf } from './psa-model.ts';

const names = ['ada', 'bob', 'cyd'] as const;
const titles = [null, 'Engineer', 'Director'] as const;
const rules = [
  aRule({ id: 'technicians', order: 1 }),
  portalRule({ id: 'customers', order: 2 }),
  aRule({ id: 'readers', order: 3, securityRoleId: 'read-only' }),
];
const ruleIds = rules.map(({ id }) => id);

/** What the directory says about one user. */
interface Facts {
  readonly active: boolean;
  readonly deleted: boolean;
  readonly title: (typeof titles)[number];
  readonly phone: string | null;
  readonly groups: readonly string[];
}

interface Step {
  readonly who: number;
  readonly facts: Facts;
  readonly cause: ReconcileCause;
}

const anyFacts: fc.Arbitrary<Facts> = fc.record({
  active: fc.boolean(),
  deleted: fc.boolean(),
  title: fc.constantFrom(...titles),
  phone: fc.constantFrom(null, '1', '2'),
  groups: fc.subarray(ruleIds),
});
const anyStep: fc.Arbitrary<Step> = fc.record({
  who: fc.nat(names.length - 1),
  facts: anyFacts,
  cause: fc.constantFrom<ReconcileCause>('directory', 'membership', 'ruleChange', 'replan'),
});
const anyHistory = fc.array(anyStep, { maxLength: 12 });

function userOf(who: number, facts: Facts): DirectoryUser {
  const name = names[who] ?? names[0];
  return aUser({
    id: `user-${name}`,
    userName: `${name}@contoso.com`,
    active: facts.active,
    deletedAt: facts.deleted ? now : null,
    attributes: {
      name: { givenName: name, familyName: 'Doe' },
      ...(facts.title === null ? {} : { title: facts.title }),
      ...(facts.phone === null ? {} : { phoneNumbers: [{ type: 'work', value: facts.phone }] }),
    },
  });
}

const take = (psa: Psa, { who, facts, cause }: Step): void => {
  psa.tell({ user: userOf(who, facts), ruleIds: facts.groups, cause });
};

const settings = { numRuns: 1500, seed: 20_261_127 };
const start = (): Psa => new Psa([rootOf('ada@contoso.com')], rules);

describe('any history of the directory', () => {
  it('REQ-33 leaves at most one enabled login per person, email and username, at every step', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const psa = start();
        for (const step of history) {
          take(psa, step);
          psa.assertOneLoginEach();
        }
      }),
      settings,
    );
  });

  it('REQ-16 deletes nobody at any step, and changes no id', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const psa = start();
        for (const step of history) {
          const before = [...psa.people.keys()];
          take(psa, step);
          assert.ok(before.every((id) => psa.people.has(id)));
        }
      }),
      settings,
    );
  });

  it('REQ-58 A-22 leaves the root user active, enabled and with its role', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const psa = start();
        for (const step of history) {
          take(psa, step);
          psa.assertRootKept();
        }
      }),
      settings,
    );
  });

  it('REQ-09 changes nothing when the last facts are told again, however often and for whatever cause', () => {
    fc.assert(
      fc.property(anyHistory, anyStep, fc.array(anyStep, { maxLength: 4 }), (history, last, again) => {
        const psa = start();
        for (const step of [...history, last]) take(psa, step);
        take(psa, { ...last, cause: 'directory' });
        const settled = psa.state();
        for (const { cause } of again) take(psa, { ...last, cause });
        assert.deepEqual(psa.state(), settled);
      }),
      settings,
    );
  });

  it('ends in the same PSA state whatever the order and repetition in which the facts of people arrive', () => {
    const told = fc.tuple(anyFacts, anyFacts, anyFacts);
    const order = fc.array(fc.nat(names.length - 1), { maxLength: 8 });
    fc.assert(
      fc.property(told, order, order, (facts, one, other) => {
        const end = (telling: readonly number[]): unknown => {
          const psa = start();
          for (const who of [...telling, 0, 1, 2]) {
            take(psa, { who, facts: facts[who] ?? facts[0], cause: 'directory' });
          }
          return psa.state();
        };
        assert.deepEqual(end(one), end(other));
      }),
      settings,
    );
  });

  it('D-07 gives a login exactly to those who are active and under a rule once everything is told', () => {
    fc.assert(
      fc.property(anyHistory, anyFacts, fc.constantFrom(1, 2), (history, facts, who) => {
        const psa = start();
        for (const step of history) take(psa, step);
        take(psa, { who, facts, cause: 'directory' });
        const id = userOf(who, facts).id;
        const enabled = [...psa.people.values()].filter(
          (it) => it.directoryUserId === id && it.login?.enabled === true,
        );
        const isWanted = facts.active && !facts.deleted && facts.groups.length > 0;
        assert.equal(enabled.length, isWanted ? 1 : 0);
      }),
      settings,
    );
  });
});
