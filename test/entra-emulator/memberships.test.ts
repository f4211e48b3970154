import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { defaultTenantSettings } from '../support/entra/tenant-settings.ts';
import { ADVANCED, type GraphAnswer, useGraph } from './graph-harness.ts';

function idsOf({ body }: GraphAnswer): readonly string[] {
  return body.value.map((row) => (typeof row === 'string' ? row : row.id));
}

describe('emulated memberships', () => {
  const graph = useGraph();
  let ada = '';
  let grace = '';
  let inner = '';
  let middle = '';
  let outer = '';

  before(() => {
    const { tenant } = graph();
    ada = tenant.addUser({ userPrincipalName: 'ada@mymsp.example', displayName: 'Ada' });
    grace = tenant.addUser({ userPrincipalName: 'grace@mymsp.example', displayName: 'Grace' });
    inner = tenant.addGroup({ displayName: 'Inner', members: [ada] });
    middle = tenant.addGroup({ displayName: 'Middle', members: [inner] });
    outer = tenant.addGroup({ displayName: 'Outer', members: [middle, grace], securityEnabled: false });
  });

  beforeEach(() => {
    Object.assign(graph().tenant.settings, defaultTenantSettings());
    graph().token = graph().freshToken();
  });

  it('lists direct members of both kinds', async () => {
    const answer = await graph().get(`groups/${outer}/members`);
    assert.deepEqual(new Set(idsOf(answer)), new Set([middle, grace]));
    assert.deepEqual(
      new Set(answer.body.value.map((row) => row['@odata.type'])),
      new Set(['#microsoft.graph.group', '#microsoft.graph.user']),
    );
  });

  it('lists transitive members, each once, also around a circle', async () => {
    graph().tenant.addMembers(inner, [outer]);
    try {
      const answer = await graph().get(`groups/${outer}/transitiveMembers`);
      assert.deepEqual([...idsOf(answer)].sort(), [ada, grace, inner, middle].sort());
    } finally {
      graph().tenant.removeMembers(inner, [outer]);
    }
  });

  it('needs the header and the count for a cast, and the header for a count', async () => {
    const cast = `groups/${outer}/transitiveMembers/microsoft.graph.user`;
    for (const [target, headers] of [
      [`${cast}?$select=id`, {}],
      [`${cast}?$count=true`, {}],
      [`${cast}?$select=id`, ADVANCED],
      [`groups/${outer}/transitiveMembers/$count`, {}],
    ] as const) {
      const { status, body } = await graph().get(target, headers);
      assert.deepEqual([target, status, body.error?.code], [target, 400, 'Request_UnsupportedQuery']);
    }
    const users = await graph().get(`${cast}?$count=true&$select=id`, ADVANCED);
    assert.deepEqual(new Set(idsOf(users)), new Set([ada, grace]));
    assert.equal(users.body['@odata.count'], 2);
    const count = await graph().get(`groups/${outer}/transitiveMembers/$count`, ADVANCED);
    assert.equal(count.text, '4');
    assert.match(count.headers.get('content-type') ?? '', /^text\/plain/);
  });

  it('lists the groups of a user, direct and transitive', async () => {
    assert.deepEqual(idsOf(await graph().get(`users/${ada}/memberOf`)), [inner]);
    const all = await graph().get(
      `users/${ada}/transitiveMemberOf/microsoft.graph.group?$select=id&$count=true`,
      ADVANCED,
    );
    assert.deepEqual(new Set(idsOf(all)), new Set([inner, middle, outer]));
  });

  it('checks at most twenty groups at once, through nesting', async () => {
    const path = `users/${ada}/checkMemberGroups`;
    const found = await graph().post(path, { groupIds: [outer, 'elsewhere', inner] });
    assert.deepEqual(idsOf(found), [outer, inner]);
    const tooMany = await graph().post(path, {
      groupIds: Array.from({ length: 21 }, (_none, n) => `g-${n}`),
    });
    assert.deepEqual([tooMany.status, tooMany.body.error?.code], [400, 'Request_BadRequest']);
  });

  it('tells all groups of a user, or that there are too many', async () => {
    const path = `users/${ada}/getMemberGroups`;
    const all = await graph().post(path, { securityEnabledOnly: false });
    assert.deepEqual(new Set(idsOf(all)), new Set([inner, middle, outer]));
    const secure = await graph().post(path, { securityEnabledOnly: true });
    assert.deepEqual(new Set(idsOf(secure)), new Set([inner, middle]));
    graph().tenant.settings.memberGroupsLimit = 2;
    const { status, body } = await graph().post(path, { securityEnabledOnly: false });
    assert.deepEqual([status, body.error?.code], [400, 'Directory_ResultSizeLimitExceeded']);
  });

  it('answers advanced queries from an index that lags, and the others not', async () => {
    graph().tenant.settings.indexLagMs = 60_000;
    graph().emulator.advanceClock(60_000);
    const late = graph().tenant.addUser({ userPrincipalName: `late@mymsp.example` });
    graph().tenant.addMembers(outer, [late]);
    graph().tenant.removeMembers(outer, [grace]);
    const cast = `groups/${outer}/members/microsoft.graph.user?$count=true&$select=id`;
    assert.deepEqual(idsOf(await graph().get(cast, ADVANCED)), [grace]);
    assert.deepEqual(idsOf(await graph().get(`groups/${outer}/members`)), [middle, late]);
    const memberOf = `users/${grace}/transitiveMemberOf/microsoft.graph.group?$count=true&$select=id`;
    assert.deepEqual(idsOf(await graph().get(memberOf, ADVANCED)), [outer]);
    graph().emulator.advanceClock(60_000);
    assert.deepEqual(idsOf(await graph().get(cast, ADVANCED)), [late]);
    graph().tenant.addMembers(outer, [grace]);
    graph().tenant.removeMembers(outer, [late]);
  });

  it('hides the members of a group with hidden membership, and the group from its members', async () => {
    const hidden = graph().tenant.addGroup({
      displayName: 'Hidden',
      visibility: 'HiddenMembership',
      members: [grace],
    });
    const check = () => graph().post(`users/${grace}/checkMemberGroups`, { groupIds: [hidden] });
    assert.deepEqual(idsOf(await graph().get(`groups/${hidden}/members`)), []);
    assert.deepEqual(idsOf(await check()), []);
    graph().token = graph().freshToken(['Directory.Read.All', 'Member.Read.Hidden']);
    assert.deepEqual(idsOf(await graph().get(`groups/${hidden}/members`)), [grace]);
    assert.deepEqual(idsOf(await check()), [hidden]);
    graph().tenant.purgeGroup(hidden);
  });

  it('shows members whose type may not be read by id alone', async () => {
    graph().token = graph().freshToken(['GroupMember.Read.All']);
    const { body } = await graph().get(`groups/${inner}/members?$select=id,displayName`);
    assert.deepEqual(body.value, [{ '@odata.type': '#microsoft.graph.user', id: ada, displayName: null }]);
  });

  it('does not show members who are in the recycle bin', async () => {
    graph().tenant.softDeleteUser(ada);
    assert.deepEqual(idsOf(await graph().get(`groups/${inner}/members`)), []);
    assert.equal((await graph().post(`users/${ada}/checkMemberGroups`, { groupIds: [inner] })).status, 404);
    graph().tenant.restoreUser(ada);
    assert.deepEqual(idsOf(await graph().get(`groups/${inner}/members`)), [ada]);
  });

  it('reads objects by ids, at most a thousand', async () => {
    const path = 'directoryObjects/getByIds';
    const both = await graph().post(path, { ids: [ada, inner, 'nobody'] });
    assert.deepEqual(idsOf(both), [ada, inner]);
    assert.deepEqual(idsOf(await graph().post(path, { ids: [ada, inner], types: ['user'] })), [ada]);
    const tooMany = await graph().post(path, { ids: Array.from({ length: 1001 }, String) });
    assert.equal(tooMany.status, 400);
    assert.equal((await graph().post(`${path}?$top=5`, { ids: [ada] })).status, 400);
  });
});
