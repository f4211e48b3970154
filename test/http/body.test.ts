import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import express, { type ErrorRequestHandler } from 'express';
import supertest from 'supertest';
import { BodyError, jsonBody } from '../../src/http/body.ts';
import { listen } from '../../src/http/server.ts';
import { openRawClient } from '../support/raw-client.ts';

const LIMIT = 1000;
const accepts = ['application/scim+json', 'application/json'];

function makeApp() {
  const seen: unknown[] = [];
  const app = express();
  const showError: ErrorRequestHandler = (error, _request, response, _next) => {
    if (!(error instanceof BodyError)) throw error;
    response.status(422).json({ kind: error.kind, detail: error.message });
  };
  app.use(jsonBody({ accepts, maxBytes: LIMIT, maxDepth: 10 }));
  app.use((request, response) => {
    seen.push(request.body);
    response.json({ body: request.body === undefined ? 'none' : request.body });
  });
  app.use(showError);
  return { app, seen };
}

const send = (body: string | Buffer, type = 'application/json') => {
  const request = supertest(makeApp().app).post('/').set('Content-Type', type);
  // supertest serialises strings by content type unless told not to; the wire is what is tested here.
  return request.serialize((text: string) => text).send(body);
};

async function kindOf(body: string | Buffer, type?: string): Promise<string> {
  const answer = await send(body, type).expect(422);
  return answer.body.kind;
}

describe('JSON body', () => {
  for (const type of [
    'application/json',
    'application/scim+json',
    'Application/SCIM+JSON; charset=utf-8',
    'application/json;charset=iso-8859-1;profile="x"',
  ]) {
    it(`reads ${type}`, async () => {
      const answer = await send('{"name":"Zoë"}', type).expect(200);
      assert.deepEqual(answer.body, { body: { name: 'Zoë' } });
    });
  }

  for (const type of [
    'text/plain',
    'application/xml',
    'text/json',
    'application/jsonp',
    'multipart/form-data',
  ]) {
    it(`refuses ${type} as an unsupported media type`, async () => {
      assert.equal(await kindOf('{}', type), 'unsupported-media-type');
    });
  }

  it('refuses a body without content type, and a compressed one', async () => {
    const server = await listen(makeApp().app, { host: '127.0.0.1', port: 0 });
    for (const header of ['X-Nothing: 1', 'Content-Type: application/json\r\nContent-Encoding: gzip']) {
      const client = await openRawClient(server.port);
      client.send(`POST / HTTP/1.1\r\nHost: x\r\n${header}\r\nContent-Length: 2\r\n\r\n{}`);
      assert.match(await client.until(/\}$/), /"kind":"unsupported-media-type"/);
      client.end();
    }
    await server.drain(1000);
  });

  it('asks for no content type where there is no body', async () => {
    const { app } = makeApp();
    assert.deepEqual((await supertest(app).get('/').expect(200)).body, { body: 'none' });
    assert.deepEqual((await supertest(app).delete('/').set('Content-Type', 'text/plain')).body, {
      body: 'none',
    });
    assert.deepEqual((await supertest(app).post('/').set('Content-Length', '0')).body, { body: 'none' });
  });

  it('reads scalars and null, which are JSON too', async () => {
    assert.deepEqual((await send('null').expect(200)).body, { body: null });
    assert.deepEqual((await send('[1]').expect(200)).body, { body: [1] });
  });

  it('skips a byte order mark', async () => {
    assert.deepEqual((await send('\ufeff{"a":1}').expect(200)).body, { body: { a: 1 } });
  });

  for (const [reason, body] of [
    ['cut off', '{"a":'],
    ['in single quotes', "{'a':1}"],
    ['followed by more', '{}{}'],
    ['only white space', '  '],
    ['NaN', '{"a":NaN}'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
  ] as const) {
    it(`calls a body malformed that is ${reason}`, async () => {
      assert.equal(await kindOf(body), 'malformed');
    });
  }

  it('does not quote the body when it is malformed', async () => {
    const answer = await send('{"password":"hunter2').expect(422);
    assert.ok(!answer.text.includes('hunter2'));
  });

  it('accepts a body of exactly the limit and refuses one byte more', async () => {
    const exact = JSON.stringify({ a: 'x'.repeat(LIMIT - 8) });
    assert.equal(exact.length, LIMIT);
    await send(exact).expect(200);
    assert.equal(await kindOf(`${exact} `), 'too-large');
  });

  it('counts bytes, not characters', async () => {
    assert.equal(await kindOf(JSON.stringify('é'.repeat(LIMIT - 100))), 'too-large');
  });

  it('counts a chunked body while it arrives, and keeps the connection usable', async () => {
    const server = await listen(makeApp().app, { host: '127.0.0.1', port: 0 });
    const client = await openRawClient(server.port);
    const chunk = `258\r\n${'1'.repeat(0x258)}\r\n`;
    client.send(
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    client.send(chunk + chunk);
    assert.match(await client.until(/too-large.*\}/), /^HTTP\/1\.1 422 /);
    client.send(`${chunk}0\r\n\r\nGET /after HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.match(await client.until(/"none"/), /HTTP\/1\.1 200 /);
    client.end();
    await server.drain(1000);
  });

  it('refuses an announced size at once, without waiting for the body', async () => {
    const server = await listen(makeApp().app, { host: '127.0.0.1', port: 0 });
    const client = await openRawClient(server.port);
    client.send(
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n',
    );
    assert.match(await client.until(/too-large.*\}/), /^HTTP\/1\.1 422 /);
    client.end();
    await server.drain(1000);
  });

  it('ends the connection of a sender who goes on far beyond a refusal', async () => {
    const server = await listen(makeApp().app, { host: '127.0.0.1', port: 0 });
    const client = await openRawClient(server.port);
    client.send(
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 999999999\r\n\r\n',
    );
    await client.until(/too-large.*\}/);
    client.send('x'.repeat(34 * 1024 * 1024));
    await client.closed();
    await server.drain(1000);
  });

  it('accepts nesting up to the limit and refuses one level more', async () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    await send(nested(10)).expect(200);
    assert.equal(await kindOf(nested(11)), 'too-deep');
    assert.equal(await kindOf('{"a":'.repeat(150)), 'too-deep');
  });

  it('does not count brackets inside strings', async () => {
    await send(JSON.stringify({ a: '[{['.repeat(50), b: '"\\"[[[[[[[[[[[[' })).expect(200);
    await send(JSON.stringify(Array(50).fill([]))).expect(200);
  });

  for (const body of [
    '{"__proto__":{"admin":true}}',
    '{"a":[{"constructor":{"prototype":{"admin":true}}}]}',
    '{"\\u005f_proto__":1}',
    '{"a":{"prototype":1}}',
  ]) {
    it(`refuses ${body} and leaves prototypes alone`, async () => {
      assert.equal(await kindOf(body), 'malformed');
      assert.equal(Object.hasOwn(Object.prototype, 'admin'), false);
    });
  }

  it('accepts those words as values', async () => {
    const body = { displayName: 'constructor', tags: ['__proto__', 'prototype'] };
    assert.deepEqual((await send(JSON.stringify(body)).expect(200)).body, { body });
  });

  it('passes nothing on when the client leaves in the middle of the body', async () => {
    const { app, seen } = makeApp();
    const server = await listen(app, { host: '127.0.0.1', port: 0 });
    const client = await openRawClient(server.port);
    client.send(
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"a":',
    );
    client.end();
    await server.drain(5000);
    assert.deepEqual(seen, []);
  });

  it('fails instead of waiting for ever when the client left during authentication', async () => {
    const { promise: outcome, resolve } = Promise.withResolvers<unknown>();
    const app = express();
    app.use((request, _response, next) => void request.once('close', () => next()));
    app.use(jsonBody({ accepts, maxBytes: LIMIT }));
    const catchError: ErrorRequestHandler = (error, _request, _response, _next) => resolve(error);
    app.use(catchError);
    const server = await listen(app, { host: '127.0.0.1', port: 0 });
    const client = await openRawClient(server.port);
    client.send(
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"a":',
    );
    await new Promise(setImmediate);
    client.end();
    const error = await outcome;
    assert.ok(error instanceof BodyError && error.kind === 'malformed');
    await server.drain(1000);
  });
});
