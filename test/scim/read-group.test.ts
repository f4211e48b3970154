import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InvalidReason } from '../../src/operations/operation-error.ts';
import { standardCatalogue } from '../../src/scim/catalogue.ts';
import { readGroup } from '../../src/scim/read-group.ts';
import { assertRejectedAsInvalid, CORE_GROUP, CORE_USER, countTurns, deepFreeze } from './scim-fixtures.ts';

const read = (rest: object) =>
  readGroup(deepFreeze({ schemas: [CORE_GROUP], displayName: 'Engineers', ...rest }), standardCatalogue);

describe('the body of a POST or PUT of a group', () => {
  it('keeps name and external id, ignores meta and a private schema URN (Entra)', async () => {
    const given = {
      schemas: [CORE_GROUP, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
      externalId: '0f2b7d44',
      meta: { resourceType: 'Group' },
      id: 'zzz',
    };
    assert.deepEqual(await read(given), {
      content: { displayName: 'Engineers', externalId: '0f2b7d44', attributes: {} },
      memberIds: null,
    });
  });

  const members: readonly (readonly [given: object, memberIds: readonly string[] | null])[] = [
    [{}, null],
    [{ members: null }, null],
    [{ members: '' }, null],
    [{ members: [] }, []],
    [{ members: [{ value: 'a', display: 'A' }, { value: 'b', $ref: null }, { value: 'a' }] }, ['a', 'b']],
    [{ members: { value: 'a' } }, ['a']],
    [{ Members: ['a', null] }, ['a']],
    [{ members: [{ $ref: 'https://x/Users/a' }] }, ['a']],
  ];
  for (const [given, memberIds] of members) {
    it(`members of ${JSON.stringify(given)} are ${JSON.stringify(memberIds)}`, async () =>
      assert.deepEqual((await read(given)).memberIds, memberIds));
  }

  it('takes the SCIM 1.1 URN that OneLogin sends', async () => {
    assert.equal((await read({ schemas: ['urn:scim:schemas:core:1.0'] })).content.displayName, 'Engineers');
  });

  it('reads 100,000 members in steps', async () => {
    const members = Array.from({ length: 100_000 }, (_, i) => ({ value: `usr_${i}` }));
    const { result, turns } = await countTurns(read({ members }));
    assert.equal(result.memberIds?.length, 100_000);
    assert.ok(turns >= 10, `the event loop turned ${turns} times`);
  });

  const refusals: readonly (readonly [given: object, reason: InvalidReason])[] = [
    [{ schemas: [CORE_USER] }, 'syntax'],
    [{ schemas: undefined }, 'syntax'],
    [{ displayName: undefined }, 'value'],
    [{ displayName: '' }, 'value'],
    [{ displayName: '  ' }, 'value'],
    [{ displayName: {} }, 'value'],
    [{ displayName: 'x'.repeat(513) }, 'value'],
    [{ members: [{}] }, 'value'],
    [{ members: [true] }, 'value'],
    [{ members: Array(100_001).fill({ value: 'a' }) }, 'too-many'],
  ];
  for (const [given, reason] of refusals) {
    it(`is refused with ${JSON.stringify(given).slice(0, 50)}: ${reason}`, () =>
      assertRejectedAsInvalid(read(given), reason));
  }
});
