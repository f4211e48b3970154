import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Projection } from '../../src/scim/protocol/projection.ts';

describe('a projection', () => {
  const excluding: readonly (readonly [names: readonly string[] | null, isEverythingBut: boolean])[] = [
    [null, true],
    [[], true],
    [['groups'], true],
    [['Groups', ' groups'], true],
    [['urn:ietf:params:scim:schemas:core:2.0:User:groups'], true],
    [['groups.display'], false],
    [['groups', 'title'], false],
    [['title'], false],
    [['urn:ietf:params:scim:schemas:core:2.0:User'], false],
    [['groups', 'urn:acme:2.0:User'], false],
  ];
  for (const [names, isEverythingBut] of excluding) {
    it(`without ${JSON.stringify(names)} is ${isEverythingBut ? '' : 'not '}everything but groups`, () => {
      assert.equal(new Projection(null, names).isEverythingBut('groups'), isEverythingBut);
      assert.equal(new Projection(['title'], names).isEverythingBut('groups'), false);
    });
  }
});
