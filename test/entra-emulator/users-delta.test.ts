import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { defaultTenantSettings } from '../support/entra/tenant-settings.ts';
import { type Row, useGraph } from './graph-harness.ts';

const SELECT = 'users/delta?$select=id,displayName,jobTitle,accountEnabled';
const DAY = 86_400_000;

describe('emulated users delta', () => {
  const graph = useGraph();
  let count = 0;

  beforeEach(() => {
    Object.assign(graph().tenant.settings, defaultTenantSettings());
    graph().emulator.clearFaults();
    graph().token = graph().freshToken();
  });

  function addUser(values: Readonly<Record<string, string | boolean>> = {}): string {
    count += 1;
    return graph().tenant.addUser({ userPrincipalName: `user${count}@mymsp.example`, ...values });
  }

  function addUsers(amount: number): readonly string[] {
    return Array.from({ length: amount }, () => addUser());
  }

  function rowOf(rows: readonly Row[], id: string): Row | undefined {
    return rows.find((row) => row.id === id);
  }

  it('reads everybody page by page and ends with a delta link', async () => {
    const ids = addUsers(25);
    graph().tenant.settings.deltaPageSize = 10;
    const { pages, rows, deltaLink } = await graph().round(SELECT);
    assert.ok(pages.length >= 3);
    assert.ok(pages.every(({ value }) => value.length <= 10));
    assert.ok(pages.slice(0, -1).every((page) => page['@odata.deltaLink'] === undefined));
    assert.match(deltaLink, /\/v1\.0\/users\/delta\?\$deltatoken=[\w-]+$/);
    const seen = new Set(rows.map(({ id }) => id));
    assert.ok(ids.every((id) => seen.has(id)));
  });

  it('returns only what is selected, and properties that were never set not at all', async () => {
    const id = addUser({ displayName: 'Ada', department: 'Service' });
    const row = rowOf((await graph().round(SELECT)).rows, id);
    assert.deepEqual(Object.keys(row ?? {}).sort(), ['accountEnabled', 'displayName', 'id']);
    const unselected = rowOf((await graph().round('users/delta')).rows, id);
    assert.equal(unselected !== undefined && Object.hasOwn(unselected, 'accountEnabled'), false);
  });

  it('tells a cleared property as null', async () => {
    const id = addUser({ jobTitle: 'Engineer' });
    const { deltaLink } = await graph().round(SELECT);
    graph().tenant.updateUser(id, { jobTitle: null });
    const { rows } = await graph().round(deltaLink);
    assert.equal(rowOf(rows, id)?.['jobTitle'], null);
  });

  it('reports afterwards only changes of what was selected', async () => {
    const [one = '', other = ''] = addUsers(2);
    const { deltaLink } = await graph().round(SELECT);
    graph().tenant.updateUser(one, { department: 'Projects' });
    graph().tenant.updateUser(other, { jobTitle: 'Engineer' });
    const { rows } = await graph().round(deltaLink);
    assert.deepEqual(
      rows.map(({ id }) => id),
      [other],
    );
  });

  it('reports only the changed properties when asked for the minimum', async () => {
    const id = addUser({ displayName: 'Ada', jobTitle: 'Engineer' });
    const { deltaLink } = await graph().round(SELECT);
    graph().tenant.updateUser(id, { jobTitle: 'Consultant' });
    const minimal = await graph().round(deltaLink, { prefer: 'return=minimal' });
    assert.deepEqual(rowOf(minimal.rows, id), { id, jobTitle: 'Consultant' });
    const full = await graph().round(deltaLink);
    assert.equal(rowOf(full.rows, id)?.['displayName'], 'Ada');
  });

  it('tells a soft-deleted user as changed, a purged one as deleted, a restored one as an update', async () => {
    const id = addUser();
    const first = await graph().round(SELECT);
    graph().tenant.softDeleteUser(id);
    const second = await graph().round(first.deltaLink);
    assert.deepEqual(rowOf(second.rows, id), { id, '@removed': { reason: 'changed' } });
    graph().tenant.restoreUser(id);
    const third = await graph().round(second.deltaLink);
    assert.equal(rowOf(third.rows, id)?.['@removed'], undefined);
    assert.equal(rowOf(third.rows, id)?.['accountEnabled'], true);
    graph().tenant.purgeUser(id);
    const fourth = await graph().round(third.deltaLink);
    assert.deepEqual(rowOf(fourth.rows, id), { id, '@removed': { reason: 'deleted' } });
  });

  it('purges what has been in the recycle bin for thirty days', async () => {
    const id = addUser();
    graph().tenant.softDeleteUser(id);
    graph().emulator.advanceClock(29 * DAY);
    graph().token = graph().freshToken();
    const { deltaLink } = await graph().round(SELECT);
    graph().emulator.advanceClock(2 * DAY);
    graph().token = graph().freshToken();
    const { rows } = await graph().round(deltaLink);
    assert.deepEqual(rowOf(rows, id), { id, '@removed': { reason: 'deleted' } });
  });

  it('answers $deltatoken=latest with a link and nothing else', async () => {
    const [old = ''] = addUsers(1);
    const { rows, pages, deltaLink } = await graph().round(`${SELECT}&$deltatoken=latest`);
    assert.deepEqual([rows.length, pages.length], [0, 1]);
    const id = addUser();
    graph().tenant.updateUser(old, { jobTitle: 'Engineer' });
    const later = await graph().round(deltaLink);
    assert.deepEqual(new Set(later.rows.map((row) => row.id)), new Set([old, id]));
  });

  it('follows only the users of an id filter, and at most fifty of them', async () => {
    const ids = addUsers(51);
    const filterOf = (some: readonly string[]) =>
      `${SELECT}&$filter=${encodeURIComponent(some.map((id) => `id eq '${id}'`).join(' or '))}`;
    const { rows, deltaLink } = await graph().round(filterOf(ids.slice(0, 50)));
    assert.equal(rows.length, 50);
    const [followed = ''] = ids;
    graph().tenant.updateUser(followed, { jobTitle: 'Engineer' });
    graph().tenant.updateUser(ids.at(-1) ?? '', { jobTitle: 'Engineer' });
    const later = await graph().round(deltaLink);
    assert.deepEqual(
      later.rows.map(({ id }) => id),
      [followed],
    );
    const refused = await graph().get(filterOf(ids));
    assert.deepEqual([refused.status, refused.body.error?.code], [400, 'Request_UnsupportedQuery']);
  });

  it('inserts empty pages that still have a next link', async () => {
    addUsers(5);
    Object.assign(graph().tenant.settings, { deltaPageSize: 2, emptyPageEvery: 2 });
    const { pages } = await graph().round(SELECT);
    const empty = pages.filter(({ value }) => value.length === 0);
    assert.ok(empty.length >= 2);
    assert.ok(empty.every((page) => page['@odata.nextLink'] !== undefined));
  });

  it('repeats rows, changes their order, and still tells everybody', async () => {
    const ids = addUsers(20);
    Object.assign(graph().tenant.settings, { deltaPageSize: 8, repeatRows: 2, shuffleRows: 7 });
    const { rows } = await graph().round(SELECT);
    assert.ok(rows.length > new Set(rows.map(({ id }) => id)).size);
    const order = rows.map(({ id }) => ids.indexOf(id)).filter((index) => index >= 0);
    assert.notDeepEqual(
      order,
      [...order].sort((one, other) => one - other),
    );
    assert.equal(new Set(order).size, ids.length);
  });

  it('replays changes that an earlier round has told', async () => {
    const id = addUser();
    const first = await graph().round(SELECT);
    graph().tenant.updateUser(id, { jobTitle: 'Engineer' });
    const second = await graph().round(first.deltaLink);
    graph().tenant.settings.replayChanges = 1;
    const third = await graph().round(second.deltaLink);
    assert.ok(rowOf(third.rows, id));
    graph().tenant.settings.replayChanges = 0;
    assert.equal((await graph().round(third.deltaLink)).rows.length, 0);
  });

  it('tells each change with the values of its time when rows are kept separate', async () => {
    const id = addUser();
    const { deltaLink } = await graph().round(SELECT);
    graph().tenant.settings.separateRows = true;
    graph().tenant.updateUser(id, { jobTitle: 'First' });
    graph().tenant.updateUser(id, { jobTitle: 'Second' });
    const { rows } = await graph().round(deltaLink);
    assert.deepEqual(
      rows.map((row) => row['jobTitle']),
      ['First', 'Second'],
    );
  });

  it('tells a change only after the replication lag, and then tells it', async () => {
    const id = addUser();
    graph().tenant.settings.deltaLagMs = 60_000;
    graph().emulator.advanceClock(60_000);
    const first = await graph().round(SELECT);
    graph().tenant.updateUser(id, { jobTitle: 'Engineer' });
    const second = await graph().round(first.deltaLink);
    assert.equal(rowOf(second.rows, id), undefined);
    graph().emulator.advanceClock(60_000);
    const third = await graph().round(second.deltaLink);
    assert.equal(rowOf(third.rows, id)?.['jobTitle'], 'Engineer');
  });

  it('does not lose a user who is added while a round is under way', async () => {
    addUsers(6);
    graph().tenant.settings.deltaPageSize = 3;
    const page = await graph().get(SELECT);
    const id = addUser();
    const rest = await graph().round(page.body['@odata.nextLink'] ?? '');
    const later = await graph().round(rest.deltaLink);
    assert.ok(rowOf([...rest.rows, ...later.rows], id));
  });

  it('gives the same page again for the same link', async () => {
    addUsers(6);
    Object.assign(graph().tenant.settings, { deltaPageSize: 3, shuffleRows: 3 });
    const next = (await graph().get(SELECT)).body['@odata.nextLink'] ?? '';
    assert.deepEqual((await graph().get(next)).body.value, (await graph().get(next)).body.value);
  });
});
