import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GraphUserFields } from '../../src/directory/delta-change.ts';
import type { DirectoryUser } from '../../src/directory/directory-user.ts';
import { contentFromGraph } from '../../src/directory/graph-user-content.ts';
import { wholeUser } from '../../src/directory/whole-object.ts';
import { decideStagedUser } from '../../src/operations/sync/decide-staged-user.ts';
import type { StagedUser } from '../../src/operations/sync/graph-sync-ports.ts';

const objectId = 'b0b0b0b0-0000-4000-8000-000000000001';
const now = '2026-11-28T05:00:00.000Z';
const moment = { connectionId: 'connection', now, newId: () => 'new' };

const named: Partial<GraphUserFields> = {
  userPrincipalName: 'ada@fabrikam.example',
  displayName: 'Ada',
  accountEnabled: true,
};
const whole = wholeUser(named);
assert.ok(whole !== null);
const fields: GraphUserFields = whole;

const row: DirectoryUser = {
  ...contentFromGraph(fields),
  id: 'row',
  connectionId: 'connection',
  objectId,
  version: 1,
  createdAt: now,
  lastModifiedAt: now,
  deletedAt: null,
};

const staged = (change: Partial<StagedUser>): StagedUser => ({
  objectId,
  fields: named,
  removed: null,
  isWhole: true,
  known: { fields, removed: null, directoryUserId: 'row' },
  user: row,
  isProvisioned: false,
  isBlocked: false,
  isWithdrawn: false,
  ...change,
});

describe('a user that Graph tells of', () => {
  it('concerns nobody when everything is as it was', () => {
    assert.equal(decideStagedUser(staged({}), moment).affected, null);
  });

  it('is looked at for its groups when it is joined with this row only now, whether or not Graph told of it before', () => {
    for (const known of [null, { fields, removed: null, directoryUserId: 'another' }]) {
      const { affected, directoryUserId } = decideStagedUser(staged({ known }), moment);
      assert.deepEqual(affected, { isChanged: false, previous: null });
      assert.equal(directoryUserId, 'row');
    }
  });

  it('is concerned as a new one, and by what changed of it', () => {
    const entered = decideStagedUser(staged({ known: null, user: null }), moment);
    assert.deepEqual(
      [entered.isNew, entered.directoryUserId, entered.affected],
      [true, 'new', { isChanged: true, previous: null }],
    );
    const renamed = decideStagedUser(staged({ fields: { ...named, displayName: 'Ada L.' } }), moment);
    assert.deepEqual(renamed.affected, { isChanged: true, previous: row });
  });
});
