import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explain } from '../../src/mapping/explain.ts';
import type { MappingRule } from '../../src/mapping/mapping-rule.ts';
import { match } from '../../src/mapping/match.ts';
import { aRule } from '../support/decision-fixtures.ts';

const group = (over: Partial<MappingRule['group']>): MappingRule['group'] => ({
  id: 'g',
  name: 'Group',
  createdAt: null,
  firstSeenAt: null,
  state: 'found',
  ...over,
});

describe('The winning rule', () => {
  it('is the one with the lowest Order, and it applies whole (REQ-05)', () => {
    const first = aRule({ id: 'first', order: 1, securityRoleId: 'technician' });
    const fifth = aRule({ id: 'fifth', order: 5, userType: 'clientPortal', securityRoleId: 'external-user' });
    assert.equal(match([fifth, first]), first);
  });

  it('is that of the oldest group when the Order is equal (REQ-06)', () => {
    const young = aRule({ id: 'a', group: group({ createdAt: '2025-06-01T00:00:00.000Z' }) });
    const old = aRule({ id: 'b', group: group({ createdAt: '2019-06-01T00:00:00.000Z' }) });
    assert.equal(match([young, old]), old);
    assert.equal(match([young]), young);
  });

  it('takes the first sighting as age where the directory gave no creation date (A-02)', () => {
    const seenLate = aRule({ id: 'a', group: group({ firstSeenAt: '2026-02-02T00:00:00.000Z' }) });
    const seenEarly = aRule({ id: 'b', group: group({ firstSeenAt: '2026-02-01T00:00:00.000Z' }) });
    assert.equal(match([seenLate, seenEarly]), seenEarly);
  });

  it('falls back to the age of the rule and then to its id, so that there is always one winner (A-02)', () => {
    const older = aRule({ id: 'z', createdAt: '2026-01-01T00:00:00.000Z' });
    const newer = aRule({ id: 'a', createdAt: '2026-01-02T00:00:00.000Z' });
    assert.equal(match([newer, older]), older);
    const twin = aRule({ id: 'b', createdAt: '2026-01-02T00:00:00.000Z' });
    assert.equal(match([twin, newer]), newer);
  });

  it('is never a rule that is switched off', () => {
    const off = aRule({ id: 'off', order: 0, enabled: false });
    const on = aRule({ id: 'on', order: 9 });
    assert.equal(match([off, on]), on);
    assert.equal(match([off]), null);
  });
});

describe('The explanation of rules', () => {
  it('lists every rule, the winner first, and says of each why it won or lost', () => {
    const rules = [
      aRule({ id: 'notMember', order: 0 }),
      aRule({ id: 'disabled', order: 1, enabled: false }),
      aRule({ id: 'won', order: 2, group: group({ createdAt: '2019-01-01T00:00:00.000Z' }) }),
      aRule({ id: 'younger', order: 2, group: group({ createdAt: '2020-01-01T00:00:00.000Z' }) }),
      aRule({ id: 'later', order: 3 }),
    ];
    const { winner, candidates } = explain(rules, new Set(['disabled', 'won', 'younger', 'later']));
    assert.equal(winner?.id, 'won');
    assert.deepEqual(
      candidates.map(({ rule, verdict }) => [rule.id, verdict]),
      [
        ['won', 'won'],
        ['notMember', 'notMember'],
        ['disabled', 'disabled'],
        ['younger', 'lostOnGroupAge'],
        ['later', 'lostOnOrder'],
      ],
    );
    assert.ok(candidates.every(({ reason }) => reason.endsWith('.')));
  });

  it('has no winner when the person is in none of the groups', () => {
    const { winner, candidates } = explain([aRule()], new Set());
    assert.equal(winner, null);
    assert.deepEqual(
      candidates.map((it) => it.verdict),
      ['notMember'],
    );
  });
});
