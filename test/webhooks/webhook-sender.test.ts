import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { WebhookRequest } from '../../src/operations/deliveries/webhook-ports.ts';
import { makeWebhookSender, type WebhookSenderOptions } from '../../src/webhooks/webhook-sender.ts';
import { type Receiver, startReceiver, verify } from './receiver.ts';

describe('sender of webhooks', () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());
  beforeEach(() => receiver.answer((_request, response) => response.writeHead(204).end()));

  const senderWith = (options: Partial<WebhookSenderOptions> = {}) =>
    makeWebhookSender({ allowPrivate: true, ...options });
  const secret = senderWith().makeSecret();
  const requestTo = (url: string, changes: Partial<WebhookRequest> = {}): WebhookRequest => ({
    url,
    id: '0199c1a0-0000-7000-8000-000000000001',
    at: new Date().toISOString(),
    body: '{"type":"employee.created","timestamp":"2026-11-24T10:00:00Z","data":{"name":"Žofie"}}',
    secrets: [secret],
    ...changes,
  });

  it('posts the body as it is, with the header fields of Standard Webhooks', async () => {
    const request = requestTo(`${receiver.url}?tenant=1`);
    const answer = await senderWith().post(request);
    assert.equal(answer.status, 204);
    assert.equal(answer.fault, null);
    assert.equal(answer.body, '');
    const event = receiver.received.at(-1);
    assert.ok(event);
    assert.equal(event.path, '/hooks?tenant=1');
    assert.equal(event.text, request.body);
    assert.equal(event.headers['webhook-id'], request.id);
    assert.equal(event.headers['webhook-timestamp'], String(Math.floor(Date.parse(request.at) / 1000)));
    verify(event, secret);
  });

  it('signs with every secret it is given', async () => {
    const other = senderWith().makeSecret();
    await senderWith().post(requestTo(receiver.url, { secrets: [other, secret] }));
    const event = receiver.received.at(-1);
    assert.ok(event);
    verify(event, secret);
    verify(event, other);
    assert.throws(() => verify(event, senderWith().makeSecret()));
  });

  it('does not follow redirects', async () => {
    receiver.answer((_request, response) => response.writeHead(307, { location: '/elsewhere' }).end());
    const before = receiver.received.length;
    const { status } = await senderWith().post(requestTo(receiver.url));
    assert.equal(status, 307);
    assert.equal(receiver.received.length, before + 1);
  });

  it('keeps the first 1,024 bytes of the answer and closes the connection on the rest', async () => {
    let wasCut = false;
    receiver.answer((_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('ä'.repeat(400)), 5);
      response.on('close', () => {
        clearInterval(timer);
        wasCut = true;
      });
    });
    const { status, body } = await senderWith().post(requestTo(receiver.url));
    assert.equal(status, 200);
    assert.equal(body, 'ä'.repeat(512));
    while (!wasCut) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('takes the status of an answer whose body never ends', async () => {
    receiver.answer((_request, response) => response.writeHead(200).write('so far'));
    const { status, body } = await senderWith({ timeoutMs: 300 }).post(requestTo(receiver.url));
    assert.equal(status, 200);
    assert.equal(body, 'so far');
  });

  it('stores no character that the database cannot', async () => {
    receiver.answer((_request, response) => response.writeHead(500).end('a\0b'));
    assert.equal((await senderWith().post(requestTo(receiver.url))).body, 'a\ufffdb');
  });

  it('gives up on a target that does not answer in time', async () => {
    receiver.answer(() => undefined);
    const answer = await senderWith({ timeoutMs: 200 }).post(requestTo(receiver.url));
    assert.equal(answer.status, null);
    assert.equal(answer.fault, 'The target has not answered within 0.2 seconds.');
  });

  it('gives up on a name that is not looked up in time', async () => {
    const resolve = () => new Promise<never>(() => undefined);
    const { fault } = await senderWith({ timeoutMs: 100, resolve }).post(requestTo('http://psa.example/'));
    assert.match(fault ?? '', /^The target has not answered within/);
  });

  it('says so when nothing listens, when there is no HTTP, and when there is no TLS', async () => {
    const server = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end('hello\r\n\r\n'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    assert.match(
      (await senderWith().post(requestTo(`http://127.0.0.1:${port}/`))).fault ?? '',
      /failed \(HPE_/,
    );
    const { fault } = await senderWith().post(requestTo(`https://127.0.0.1:${port}/`));
    assert.match(fault ?? '', /^The (request failed|target closed)/);
    await new Promise((resolve) => server.close(resolve));
    const refused = await senderWith().post(requestTo(`http://127.0.0.1:${port}/`));
    assert.equal(refused.fault, 'The target refuses connections.');
  });

  it('reads how long the target asks to wait, in seconds or as a date', async () => {
    const wishOf = async (text: string) => {
      receiver.answer((_request, response) => response.writeHead(503, { 'retry-after': text }).end());
      return (await senderWith().post(requestTo(receiver.url))).retryAfterSeconds;
    };
    assert.equal(await wishOf('120'), 120);
    const inAnHour = await wishOf(new Date(Date.now() + 3_600_000).toUTCString());
    assert.ok(inAnHour !== null && inAnHour > 3500 && inAnHour <= 3600);
    assert.equal(await wishOf(new Date(0).toUTCString()), 0);
    assert.equal(await wishOf('soon'), null);
  });

  it('connects to the address that was checked, not to what the name means later', async () => {
    const asked: string[] = [];
    const resolve = (host: string) => {
      asked.push(host);
      return Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    };
    const url = `http://rebound.example:${receiver.port}/hooks`;
    const { status } = await senderWith({ resolve }).post(requestTo(url));
    assert.equal(status, 204);
    assert.deepEqual(asked, ['rebound.example']);
    assert.equal(receiver.received.at(-1)?.headers.host, `rebound.example:${receiver.port}`);
  });

  it('sends nothing to a name that leads inside, whatever the URL looks like', async () => {
    const before = receiver.received.length;
    const resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    const sender = senderWith({ allowPrivate: false, resolve });
    const answer = await sender.post(requestTo('https://psa.example.com/'));
    assert.equal(answer.status, null);
    assert.match(answer.fault ?? '', /127\.0\.0\.1 is inside a private network/);
    assert.match((await sender.post(requestTo(receiver.url))).fault ?? '', /must begin with https/);
    assert.equal(receiver.received.length, before);
  });
});
