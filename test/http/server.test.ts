import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { ListenError, listen, type RunningServer } from '../../src/http/server.ts';
import { openRawClient } from '../support/raw-client.ts';

const HOST = '127.0.0.1';
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const hello: RequestListener = (_request, response) => void response.end('hello');

/** A handler that holds every request until it is told to answer. */
function makeHeld() {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<ServerResponse>();
  return { arrived, app: (_request: IncomingMessage, response: ServerResponse) => arrive(response) };
}

function listenError(options: Parameters<typeof listen>[1]): Promise<ListenError> {
  return listen(hello, options).then(
    async (server) => {
      await server.drain(0);
      throw new Error('it listens');
    },
    (error: unknown) => {
      assert.ok(error instanceof ListenError);
      return error;
    },
  );
}

const refusesConnections = async (server: RunningServer) =>
  assert.rejects(openRawClient(server.port), { code: 'ECONNREFUSED' });

describe('listening', () => {
  it('answers on a port that the system chose', async () => {
    const server = await listen(hello, { host: HOST, port: 0 });
    assert.ok(server.port > 0);
    assert.equal(server.host, HOST);
    const answer = await fetch(`http://${HOST}:${server.port}/`);
    assert.equal(await answer.text(), 'hello');
    await server.drain(1000);
  });

  it('names a taken port and says what to do, in one line', async () => {
    const server = await listen(hello, { host: HOST, port: 0 });
    const error = await listenError({ host: HOST, port: server.port });
    assert.match(
      error.message,
      new RegExp(`^Port ${server.port} on 127\\.0\\.0\\.1 is already in use\\. .*set PORT`),
    );
    assert.ok(!error.message.includes('\n'));
    await server.drain(1000);
  });

  it('says what to do about an address that is not of this machine', async () => {
    // 192.0.2.0/24 is reserved for documentation (RFC 5737), so no machine has it.
    const error = await listenError({ host: '192.0.2.1', port: 0 });
    assert.match(error.message, /^192\.0\.2\.1 is not an address of this machine\. Set HOST/);
  });

  it('says what to do about a host name that does not resolve', async () => {
    const error = await listenError({ host: 'nowhere.invalid', port: 0 });
    assert.match(error.message, /nowhere\.invalid/);
    assert.ok(!error.message.includes('\n'));
  });
});

describe('broken requests', () => {
  for (const [name, request, status] of [
    ['a broken request line', 'NONSENSE\r\n\r\n', 400],
    ['a missing Host header', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['too many header bytes', `GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'two different lengths',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      400,
    ],
  ] as const) {
    it(`get ${status} for ${name}`, async () => {
      const server = await listen(hello, { host: HOST, port: 0 });
      const client = await openRawClient(server.port);
      client.send(request);
      assert.match(await client.closed(), new RegExp(`^HTTP/1\\.1 ${status} `));
      await server.drain(1000);
    });
  }

  it('carry a request id too', async () => {
    const server = await listen(hello, { host: HOST, port: 0 });
    const client = await openRawClient(server.port);
    client.send('NONSENSE\r\n\r\n');
    assert.match(await client.closed(), /\r\nX-Request-Id: [0-9a-f-]{36}\r\n/);
    await server.drain(1000);
  });

  it('are cut off with 408 when the headers or the body come too slowly', async () => {
    const swallow: RequestListener = (request) => void request.resume();
    const server = await listen(swallow, {
      host: HOST,
      port: 0,
      headersTimeoutMs: 50,
      requestTimeoutMs: 100,
    });
    const slowHeaders = await openRawClient(server.port);
    slowHeaders.send('GET / HTTP/1.1\r\nHost:');
    const slowBody = await openRawClient(server.port);
    slowBody.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{');
    assert.match(await slowHeaders.closed(), /^HTTP\/1\.1 408 /);
    assert.match(await slowBody.closed(), /^HTTP\/1\.1 408 /);
    await server.drain(1000);
  });

  it('are cut off with 408 when the body comes byte by byte', async () => {
    const swallow: RequestListener = (request) => void request.resume();
    const server = await listen(swallow, { host: HOST, port: 0, requestTimeoutMs: 500 });
    const client = await openRawClient(server.port);
    client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n');
    const drip = setInterval(() => client.send(' '), 50);
    const received = await client.closed();
    clearInterval(drip);
    assert.match(received, /^HTTP\/1\.1 408 /);
    await server.drain(1000);
  });

  it('do not write into an answer that has begun', async () => {
    const begin: RequestListener = (_request, response) => {
      response.writeHead(200, { 'Content-Length': '10' });
      response.write('12345');
    };
    const server = await listen(begin, { host: HOST, port: 0 });
    const client = await openRawClient(server.port);
    client.send(GET);
    await client.until(/12345$/);
    client.send('NONSENSE\r\n\r\n');
    assert.match(await client.closed(), /12345$/);
    await server.drain(1000);
  });
});

describe('draining', () => {
  it('refuses new connections and lets a running request finish', async () => {
    const { arrived, app } = makeHeld();
    const server = await listen(app, { host: HOST, port: 0 });
    const client = await openRawClient(server.port);
    client.send(GET);
    const response = await arrived;

    const drained = server.drain(60_000);
    await refusesConnections(server);
    response.end('finished');
    const received = await client.closed();
    assert.match(received, /Connection: close/i);
    assert.match(received, /finished$/);
    assert.deepEqual(await drained, { cut: 0 });
  });

  it('closes kept-alive connections at once', async () => {
    const server = await listen(hello, { host: HOST, port: 0 });
    const client = await openRawClient(server.port);
    client.send(GET);
    await client.until(/hello$/);
    assert.deepEqual(await server.drain(60_000), { cut: 0 });
    await client.closed();
  });

  it('closes connections that have not sent anything', async () => {
    const server = await listen(hello, { host: HOST, port: 0 });
    const client = await openRawClient(server.port);
    // One answered request proves that the silent connection before it has been accepted too.
    const answer = await fetch(`http://${HOST}:${server.port}/`, { headers: { Connection: 'close' } });
    await answer.text();
    assert.deepEqual(await server.drain(60_000), { cut: 0 });
    await client.closed();
  });

  it('closes a kept-alive connection whose answer had already begun', async () => {
    const { arrived, app } = makeHeld();
    const server = await listen(app, { host: HOST, port: 0 });
    const client = await openRawClient(server.port);
    client.send(GET);
    const response = await arrived;
    response.writeHead(200, { 'Content-Length': '10' });
    response.write('12345');
    await client.until(/12345$/);
    const drained = server.drain(60_000);
    response.end('67890');
    assert.match(await client.closed(), /1234567890$/);
    assert.deepEqual(await drained, { cut: 0 });
  });

  it('cuts what has not finished when the grace is over, and says how many', async () => {
    const { arrived, app } = makeHeld();
    const server = await listen(app, { host: HOST, port: 0 });
    const client = await openRawClient(server.port);
    client.send(GET);
    await arrived;
    assert.deepEqual(await server.drain(10), { cut: 1 });
    await client.closed();
  });

  it('happens once, however often it is asked for', async () => {
    const server = await listen(hello, { host: HOST, port: 0 });
    assert.equal(server.drain(1000), server.drain(1000));
    await server.drain(1000);
  });
});
