import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { readOpenApiDocument } from '../../src/admin-api/openapi-document.ts';
import { personEventTypes } from '../../src/provisioning/person-event.ts';
import { until } from '../jobs/job-bench.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type Receiver, startReceiver, verify } from '../webhooks/receiver.ts';

const unknownId = '0199c1a0-0000-7000-8000-00000000ffff';

describe('webhooks', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.stop());

  const create = async (changes: object = {}) => {
    const made = await app.admin('POST', '/webhooks', { url: 'https://psa.example.com/hooks', ...changes });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return made;
  };

  it('shows the secret of a new one once, in the spelling of Standard Webhooks', async () => {
    const { body, headers } = await create({ description: '  Licences ' });
    assert.match(body.secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.equal(headers.get('location'), `/api/v1/webhooks/${body.id}`);
    const { secret, ...rest } = body;
    const read = await app.admin('GET', `/webhooks/${body.id}`);
    assert.deepEqual(read.body, rest);
    assert.ok(!JSON.stringify((await app.admin('GET', '/webhooks')).body).includes(secret));
    assert.equal(rest.description, 'Licences');
    assert.deepEqual(rest.eventTypes, []);
    assert.equal(rest.enabled, true);
  });

  it('refuses targets that nothing may be sent to, with a pointer to the URL', async () => {
    for (const url of [
      'psa.example.com/hooks',
      'http://psa.example.com/hooks',
      'ftp://psa.example.com/hooks',
      'https://user:pass@psa.example.com/hooks',
      'https://psa.example.com:5432/hooks',
      'https://localhost/hooks',
      'https://127.0.0.1/hooks',
      'https://2130706433/hooks',
      'https://[::1]/hooks',
      'https://[::ffff:10.0.0.1]/hooks',
      'https://169.254.169.254/latest/meta-data',
    ]) {
      const { status, body } = await app.admin('POST', '/webhooks', { url });
      assert.equal(status, 400, url);
      assert.deepEqual(
        body.errors.map(({ pointer }: { pointer: string }) => pointer),
        ['/url'],
        url,
      );
    }
    const { body } = await create();
    const changed = await app.admin('PATCH', `/webhooks/${body.id}`, { url: 'https://10.0.0.1/' });
    assert.equal(changed.status, 400);
  });

  it('refuses unknown event types, unknown fields and a missing URL', async () => {
    for (const body of [
      { url: 'https://psa.example.com', eventTypes: ['employee.promoted'] },
      { url: 'https://psa.example.com', eventTypes: ['webhook.test'] },
      { url: 'https://psa.example.com', secret: 'whsec_mine' },
      {},
    ]) {
      assert.equal((await app.admin('POST', '/webhooks', body)).status, 400, JSON.stringify(body));
    }
  });

  it('describes the event types that there are', () => {
    const { PersonEventType } = readOpenApiDocument().components.schemas;
    assert.deepEqual(PersonEventType?.enum, personEventTypes);
  });

  it('changes what is sent, keeps the rest, and honours If-Match', async () => {
    const made = await create({ eventTypes: ['contact.created', 'employee.created', 'contact.created'] });
    const path = `/webhooks/${made.body.id}`;
    assert.deepEqual(made.body.eventTypes, ['employee.created', 'contact.created']);
    const etag = made.headers.get('etag') ?? '';
    const changed = await app.admin('PATCH', path, { eventTypes: [] }, { 'if-match': etag });
    assert.equal(changed.status, 200);
    assert.deepEqual(changed.body.eventTypes, []);
    assert.equal(changed.body.url, made.body.url);
    assert.equal((await app.admin('PATCH', path, { enabled: false }, { 'if-match': etag })).status, 412);
    assert.equal((await app.admin('DELETE', path, undefined, { 'if-match': etag })).status, 412);
    const same = await app.admin('PATCH', path, { eventTypes: [] });
    assert.equal(same.headers.get('etag'), changed.headers.get('etag'), 'a change of nothing is none');
    assert.equal((await app.admin('DELETE', path)).status, 204);
    assert.equal((await app.admin('GET', path)).status, 404);
  });

  it('answers 404 for a webhook that does not exist, whatever is asked of it', async () => {
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { enabled: true }],
      ['DELETE', '', undefined],
      ['POST', '/rotate-secret', undefined],
      ['POST', '/test', undefined],
      ['GET', '/deliveries', undefined],
      ['GET', `/deliveries/${unknownId}`, undefined],
      ['POST', `/deliveries/${unknownId}/redeliver`, undefined],
      ['POST', '/replay', { since: '2026-01-01T00:00:00Z' }],
    ] as const) {
      const { status } = await app.admin(method, `/webhooks/${unknownId}${path}`, body);
      assert.equal(status, 404, `${method} ${path}`);
    }
  });

  it('lets a readOnly key look and nothing else', async () => {
    const { body } = await create();
    const key = await app.admin('POST', '/api-keys', { name: 'Reader', role: 'readOnly' });
    const headers = { authorization: `Bearer ${key.body.key}` };
    assert.equal((await app.admin('GET', `/webhooks/${body.id}`, undefined, headers)).status, 200);
    for (const path of ['/test', '/rotate-secret']) {
      const { status } = await app.admin('POST', `/webhooks/${body.id}${path}`, undefined, headers);
      assert.equal(status, 403, path);
    }
  });

  it('takes no more than twenty, however many are made at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 25 }, () =>
        app.admin('POST', '/webhooks', { url: 'https://psa.example.com/hooks' }),
      ),
    );
    assert.ok(made.every(({ status }) => status === 201 || status === 409));
    assert.equal((await app.admin('GET', '/webhooks?limit=200')).body.items.length, 20);
  });
});

describe('what webhooks are sent', () => {
  let app: TestApp;
  let receiver: Receiver;
  let secret: string;
  let path: string;
  before(async () => {
    app = await startTestApp({ env: { WEBHOOK_ALLOW_PRIVATE: 'true' } });
  });
  after(() => app.stop());
  beforeEach(async (t) => {
    receiver = await startReceiver();
    if ('after' in t) t.after(() => receiver.close());
    const { body } = await app.admin('POST', '/webhooks', { url: receiver.url });
    ({ secret } = body);
    path = `/webhooks/${body.id}`;
  });
  const forgetWebhook = () => app.admin('DELETE', path);

  const createEmployee = async (username: string) => {
    const { status, body } = await app.admin('POST', '/employees', {
      username,
      firstName: 'Anna',
      lastName: 'Berg',
      email: `${username}@example.com`,
    });
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  };
  const arrived = (count: number) =>
    until(`${count} events have arrived`, () => receiver.received.length >= count);

  it('is every change of a person, signed so that the published library verifies it', async () => {
    const employee = await createEmployee('anna.berg');
    await arrived(1);
    const [event] = receiver.received;
    assert.ok(event);
    assert.deepEqual(verify(event, secret), event.body);
    assert.throws(() => verify({ ...event, text: event.text.replace('Anna', 'Eve') }, secret));
    assert.equal(event.headers['content-type'], 'application/json');
    assert.equal(event.body.type, 'employee.created');
    const { body: log } = await app.admin('GET', `/provisioning-events?employeeId=${employee.id}`);
    const [entry] = log.items;
    assert.equal(event.headers['webhook-id'], entry.id);
    assert.deepEqual(event.body, {
      type: 'employee.created',
      timestamp: entry.at,
      data: {
        eventId: entry.id,
        organizationId: event.body.data.organizationId,
        connectionId: null,
        directoryUserId: null,
        employeeId: employee.id,
        contactId: null,
        action: 'created',
        trigger: 'manual',
        winningRuleId: null,
        changes: entry.changes,
      },
    });
    await forgetWebhook();
  });

  it('has a type for each kind of change', async () => {
    const employee = await createEmployee('types');
    const change = (body: object) => app.admin('PATCH', `/employees/${employee.id}`, body);
    await change({ firstName: 'Anne' });
    await change({ status: 'inactive' });
    await change({ status: 'active', loginEnabled: true });
    await change({ loginEnabled: false });
    await change({ loginEnabled: true });
    await app.admin('DELETE', `/employees/${employee.id}`);
    await arrived(7);
    const inOrder = [...receiver.received].sort((one, other) =>
      String(one.headers['webhook-id']).localeCompare(String(other.headers['webhook-id'])),
    );
    assert.deepEqual(
      inOrder.map(({ body }) => body.type),
      [
        'employee.created',
        'employee.updated',
        'employee.deactivated',
        'employee.reactivated',
        'employee.accessRevoked',
        'employee.accessGranted',
        'employee.deleted',
      ],
    );
    await forgetWebhook();
  });

  it('leaves a log of every delivery, which can be read one by one', async () => {
    receiver.answer((_request, response) => response.writeHead(200).end('x'.repeat(5000)));
    await createEmployee('logged');
    await until('the delivery is done', async () => {
      const { body } = await app.admin('GET', `${path}/deliveries?state=succeeded`);
      return body.items.length === 1;
    });
    const { body } = await app.admin('GET', `${path}/deliveries`);
    const [delivery] = body.items;
    assert.equal(delivery.type, 'employee.created');
    assert.equal(delivery.attemptCount, 1);
    assert.equal(delivery.nextAttemptAt, null);
    assert.equal(delivery.lastAttempt.responseStatus, 200);
    assert.equal(delivery.lastAttempt.responseBody, 'x'.repeat(1024));
    assert.equal(delivery.lastAttempt.error, null);
    const whole = await app.admin('GET', `${path}/deliveries/${delivery.id}`);
    assert.deepEqual(whole.body.payload, receiver.received[0]?.body);
    assert.equal(whole.body.attempts.length, 1);
    assert.deepEqual((await app.admin('GET', `${path}/deliveries?state=failed`)).body.items, []);
    await forgetWebhook();
  });

  it('is repeated with the same id when a delivery is asked for again', async () => {
    await createEmployee('again');
    await arrived(1);
    const id = String(receiver.received[0]?.headers['webhook-id']);
    await until('the delivery is noted', async () => {
      const { body } = await app.admin('GET', `${path}/deliveries/${id}`);
      return body.state === 'succeeded';
    });
    const { status, body } = await app.admin('POST', `${path}/deliveries/${id}/redeliver`);
    assert.equal(status, 202);
    assert.equal(body.state, 'pending');
    await arrived(2);
    assert.equal(receiver.received[1]?.headers['webhook-id'], id);
    assert.deepEqual(receiver.received[1]?.body, receiver.received[0]?.body);
    await until('both attempts are in the log', async () => {
      const read = await app.admin('GET', `${path}/deliveries/${id}`);
      return read.body.attemptCount === 2 && read.body.state === 'succeeded';
    });
    await forgetWebhook();
  });

  it('comes again for a replay, from a moment or from behind an event, for what the webhook wants', async () => {
    const start = new Date().toISOString();
    await app.admin('PATCH', path, { enabled: false });
    const first = await createEmployee('missed.one');
    await app.admin('PATCH', `/employees/${first.id}`, { firstName: 'Anne' });
    await createEmployee('missed.two');
    const off = await app.admin('POST', `${path}/replay`, { since: start });
    assert.equal(off.status, 409);
    await app.admin('PATCH', path, { enabled: true, eventTypes: ['employee.created'] });
    assert.equal(receiver.received.length, 0);
    const { status, body } = await app.admin('POST', `${path}/replay`, { since: start });
    assert.equal(status, 202);
    assert.deepEqual(body, { queued: 2, nextAfter: null });
    await arrived(2);
    assert.ok(receiver.received.every((event) => event.body.type === 'employee.created'));
    const ids = receiver.received.map(({ headers }) => String(headers['webhook-id'])).sort();
    const rest = await app.admin('POST', `${path}/replay`, { since: start, after: ids[0] });
    assert.equal(rest.body.queued, 1);
    await arrived(3);
    assert.equal(receiver.received[2]?.headers['webhook-id'], ids[1]);
    const later = new Date(Date.now() + 60_000).toISOString();
    assert.equal((await app.admin('POST', `${path}/replay`, { since: later })).body.queued, 0);
    await forgetWebhook();
  });

  it('carries two signatures while a secret is being changed', async () => {
    const { status, body } = await app.admin('POST', `${path}/rotate-secret`);
    assert.equal(status, 200);
    assert.notEqual(body.secret, secret);
    assert.ok(body.previousSecretUntil > new Date(Date.now() + 23 * 3_600_000).toISOString());
    await app.admin('POST', `${path}/test`);
    const [both] = receiver.received;
    assert.ok(both);
    assert.equal(String(both.headers['webhook-signature']).split(' ').length, 2);
    verify(both, secret);
    verify(both, body.secret);
    const last = await app.admin('POST', `${path}/rotate-secret`, { graceHours: 0 });
    assert.equal(last.body.previousSecretUntil, null);
    await app.admin('POST', `${path}/test`);
    const [, one] = receiver.received;
    assert.ok(one);
    verify(one, last.body.secret);
    assert.throws(() => verify(one, body.secret));
    assert.throws(() => verify(one, secret));
    await forgetWebhook();
  });

  it('is answered at once by a test, which is sent once and never replayed', async () => {
    receiver.answer((_request, response) => response.writeHead(500).end('broken'));
    const { status, body } = await app.admin('POST', `${path}/test`);
    assert.equal(status, 200);
    assert.equal(body.state, 'failed');
    assert.equal(body.type, 'webhook.test');
    assert.equal(body.lastAttempt.responseStatus, 500);
    assert.equal(body.lastAttempt.responseBody, 'broken');
    const [event] = receiver.received;
    assert.ok(event);
    verify(event, secret);
    assert.equal(event.headers['webhook-id'], body.id);
    const replayed = await app.admin('POST', `${path}/replay`, { since: new Date(0).toISOString() });
    const { body: log } = await app.admin('GET', `${path}/deliveries?limit=200`);
    assert.equal(log.items.length, replayed.body.queued + 1);
    await forgetWebhook();
  });

  it('tells a test that there was no answer', async () => {
    await receiver.close();
    const { body } = await app.admin('POST', `${path}/test`);
    assert.equal(body.state, 'failed');
    assert.equal(body.lastAttempt.responseStatus, null);
    assert.equal(body.lastAttempt.error, 'The target refuses connections.');
    await forgetWebhook();
  });

  it('stops at once when the target answers 410 Gone', async () => {
    receiver.answer((_request, response) => response.writeHead(410).end());
    await createEmployee('gone');
    await until('the webhook is off', async () => {
      const { body } = await app.admin('GET', path);
      return body.enabled === false && body.disabledReason === 'The target answered 410 Gone.';
    });
    await createEmployee('after.gone');
    const { body } = await app.admin('GET', `${path}/deliveries`);
    assert.deepEqual(
      body.items.map(({ state }: { state: string }) => state),
      ['failed'],
    );
    assert.equal(receiver.received.length, 1);
    const again = await app.admin('PATCH', path, { enabled: true });
    assert.equal(again.body.disabledReason, null);
    await forgetWebhook();
  });

  it('never is what belongs to another organization', async () => {
    const operatorKey = 'operator_'.padEnd(40, 'x');
    const other = await startTestApp({
      env: { WEBHOOK_ALLOW_PRIVATE: 'true', OPERATOR_API_KEY: operatorKey },
    });
    try {
      const made = await other.admin('POST', '/webhooks', { url: receiver.url });
      const { body: organization } = await other.admin(
        'POST',
        '/organizations',
        { name: 'Other' },
        {
          authorization: `Bearer ${operatorKey}`,
        },
      );
      const headers = { authorization: `Bearer ${organization.key}` };
      const employee = { username: 'theirs', firstName: 'A', lastName: 'B', email: 'theirs@example.com' };
      assert.equal((await other.admin('POST', '/employees', employee, headers)).status, 201);
      for (const [method, below] of [
        ['GET', ''],
        ['GET', '/deliveries'],
        ['POST', '/test'],
      ] as const) {
        const { status } = await other.admin(method, `/webhooks/${made.body.id}${below}`, undefined, headers);
        assert.equal(status, 404);
      }
      await other.admin('POST', '/employees', { ...employee, username: 'ours' });
      await until('our own event has arrived', () => receiver.received.length > 0);
      assert.deepEqual(
        receiver.received.map(({ body }) => body.data.changes.find(isUsername)?.after),
        ['ours'],
      );
    } finally {
      await other.stop();
    }
    await forgetWebhook();
  });
});

const isUsername = ({ field }: { field: string }): boolean => field === 'username';
