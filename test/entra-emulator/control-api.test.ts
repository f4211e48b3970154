import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type EmulatorProcess, startEmulatorProcess } from '../support/entra/emulator-process-client.ts';

describe('the emulator as a process of its own', () => {
  let emulator: EmulatorProcess;

  before(async () => {
    emulator = await startEmulatorProcess();
  });
  after(() => emulator?.stop());

  const control: EmulatorProcess['control'] = (command, input) => emulator.control(command, input);

  it('is set up, changed, disturbed and observed over HTTP', async () => {
    const { id: tenantId } = await control('add-tenant', {
      domains: ['mymsp.example'],
      settings: { deltaPageSize: 50 },
    });
    const { userIds, groupIds } = await control('seed', { tenantId, users: 120, groups: 3 });
    assert.deepEqual([Object(userIds).length, Object(groupIds).length], [120, 3]);
    const { appId } = await control('register-application', { secrets: ['s'] });
    await control('consent', { tenantId, appId, roles: ['User.Read.All', 'Directory.Read.All'] });
    const { token } = await control('graph-token', { tenantId, appId });
    const read = async (target: string) => {
      const url = target.startsWith('http') ? target : `${emulator.graphUrl}/v1.0/${target}`;
      const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      return { status: response.status, body: Object(await response.json()) };
    };
    let page = await read('users/delta?$select=id,jobTitle,accountEnabled');
    assert.equal(page.body.value.length, 50);
    while (page.body['@odata.nextLink']) page = await read(page.body['@odata.nextLink']);

    const [first, second] = Object(userIds);
    await control('update-user', { tenantId, id: first, values: { jobTitle: 'Changed' } });
    await control('disable-user', { tenantId, id: second });
    await control('add-members', { tenantId, groupId: Object(groupIds)[0], members: [first] });
    const { body } = await read(page.body['@odata.deltaLink']);
    assert.deepEqual(
      body.value.map((row: Record<string, unknown>) => [
        row['id'] === first,
        row['jobTitle'],
        row['accountEnabled'],
      ]),
      [
        [true, 'Changed', true],
        [false, body.value[1].jobTitle, false],
      ],
    );

    await control('inject-fault', {
      match: { path: '/v1.0/users*' },
      effect: { kind: 'answer', status: 503 },
      times: 1,
    });
    assert.equal((await read('users?$top=1')).status, 503);
    assert.equal((await read('users?$top=1')).status, 200);
    const { requests } = await control('requests', { path: '/v1.0/users', status: 503 });
    assert.equal(Object(requests).length, 1);
    await control('clear-requests');
    assert.deepEqual(await control('requests'), { requests: [] });

    await control('advance-clock', { ms: 3_600_000 });
    assert.equal((await read('users')).status, 401);
  });

  it('says what is wrong with a command', async () => {
    await assert.rejects(control('no-such-command'), /no command/);
    await assert.rejects(
      control('add-user', { tenantId: 'unknown', userPrincipalName: 'x@y.example' }),
      /no tenant/,
    );
    const { status } = await fetch(`${emulator.controlUrl}/requests`);
    assert.equal(status, 405);
  });

  it('has no control API at the stranger', async () => {
    const response = await fetch(`${emulator.strangerUrl}/_control/requests`, {
      method: 'POST',
      body: '{}',
    });
    assert.equal(await response.text(), '');
  });
});
