import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestApp, type TestApp } from '../support/app.ts';

const operatorKey = 'operator-key-of-this-installation-0001';
const asOperator = { authorization: `Bearer ${operatorKey}` };

describe('organizations', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp({ env: { OPERATOR_API_KEY: operatorKey } });
  });
  after(() => app.stop());

  const made = async (name: string) => {
    const { status, body } = await app.admin('POST', '/organizations', { name }, asOperator);
    assert.equal(status, 201, JSON.stringify(body));
    return { ...body, as: { authorization: `Bearer ${body.key}` } };
  };

  it('are for the operator key only', async () => {
    assert.equal((await app.admin('GET', '/organizations')).status, 403);
    assert.equal((await app.admin('POST', '/organizations', { name: 'x' })).status, 403);
    assert.equal((await app.admin('GET', '/organizations', undefined, { authorization: '' })).status, 401);
    const wrong = { authorization: `Bearer ${operatorKey}x` };
    assert.equal((await app.admin('GET', '/organizations', undefined, wrong)).status, 401);
    assert.equal((await app.admin('GET', '/settings', undefined, asOperator)).status, 401);
  });

  it('start with the one named Default', async () => {
    const { body } = await app.admin('GET', '/organizations', undefined, asOperator);
    assert.equal(body.items[0].name, 'Default');
  });

  it('are created with a root user, seeded lists and an owner key of their own', async () => {
    const organization = await made('Contoso MSP');
    const { as } = organization;
    const { body: people } = await app.admin('GET', '/employees', undefined, as);
    assert.equal(people.items.length, 1);
    const [root] = people.items;
    assert.equal(root.id, organization.rootEmployeeId);
    assert.equal(root.isRoot, true);
    assert.equal(root.username, 'root');
    assert.equal(root.email, null);
    assert.equal(root.loginEnabled, true);
    assert.equal(root.status, 'active');
    const { body: role } = await app.admin('GET', `/security-roles/${root.securityRoleId}`, undefined, as);
    assert.equal(role.name, 'Administrator');
    for (const path of ['/departments', '/locations', '/job-titles', '/employee-roles']) {
      assert.ok((await app.admin('GET', path, undefined, as)).body.items.length > 0, path);
    }
    assert.equal((await app.admin('GET', '/settings', undefined, as)).body.provisioningMode, 'off');
    assert.equal((await app.admin('GET', '/api-keys', undefined, as)).status, 200);
  });

  it('are listed by pages', async () => {
    for (const name of ['P1', 'P2', 'P3']) await made(name);
    const seen: string[] = [];
    let query = '';
    do {
      const { body } = await app.admin('GET', `/organizations?limit=2${query}`, undefined, asOperator);
      seen.push(...body.items.map(({ name }: { name: string }) => name));
      query = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (query !== '');
    assert.equal(new Set(seen).size, seen.length);
    for (const name of ['Default', 'P1', 'P2', 'P3']) assert.ok(seen.includes(name));
  });

  it('do not see each other: whatever belongs to another one is 404', async () => {
    const [mine, theirs] = [await made('Mine'), await made('Theirs')];
    const create = async (path: string, body: object) =>
      (await app.admin('POST', path, body, theirs.as)).body.id as string;
    const connection = await create('/connections', { name: 'Theirs', kind: 'scim' });
    const account = await create('/accounts', { name: 'Theirs' });
    const paths = [
      `/departments/${await create('/departments', { name: 'Theirs' })}`,
      `/accounts/${account}`,
      `/accounts/${account}/locations`,
      `/connections/${connection}`,
      `/connections/${connection}/scim-tokens`,
      `/employees/${theirs.rootEmployeeId}`,
    ];
    for (const path of paths) {
      assert.equal((await app.admin('GET', path, undefined, mine.as)).status, 404, path);
      assert.equal((await app.admin('GET', path, undefined, theirs.as)).status, 200, path);
    }
    for (const path of [paths[0], paths[1], paths[3], paths[5]]) {
      assert.equal((await app.admin('DELETE', String(path), undefined, mine.as)).status, 404, path);
      assert.equal((await app.admin('GET', String(path), undefined, theirs.as)).status, 200, path);
    }
    const token = { name: 'stolen' };
    const tokens = `/connections/${connection}/scim-tokens`;
    assert.equal((await app.admin('POST', tokens, token, mine.as)).status, 404);
    const defaults = { managerId: theirs.rootEmployeeId };
    assert.equal((await app.admin('PUT', '/employee-defaults', defaults, mine.as)).status, 400);
    const { body } = await app.admin('GET', '/departments?limit=200', undefined, mine.as);
    assert.ok(!body.items.some(({ name }: { name: string }) => name === 'Theirs'));
  });

  it('want a name', async () => {
    for (const body of [{}, { name: '' }, { name: ' ' }, { name: 'x', id: 'y' }]) {
      assert.equal((await app.admin('POST', '/organizations', body, asOperator)).status, 400);
    }
  });
});

describe('an installation without an operator key', () => {
  it('has no organizations path, whatever key is sent', async () => {
    const app = await startTestApp();
    try {
      for (const headers of [{}, asOperator, { authorization: '' }]) {
        assert.equal((await app.admin('GET', '/organizations', undefined, headers)).status, 404);
        assert.equal((await app.admin('POST', '/organizations', { name: 'x' }, headers)).status, 404);
      }
    } finally {
      await app.stop();
    }
  });
});
