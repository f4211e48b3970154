import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { makeLogger } from '../../src/observability/logger.ts';

const SECRET = 's3cr3t-value-0123456789';

function makeRecorder(level = 'info') {
  const lines: string[] = [];
  const logger = makeLogger(level, { write: (line: string) => void lines.push(line) });
  const last = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}');
  return { logger, lines, last };
}

describe('log', () => {
  it('writes one JSON object per line with a named level and an ISO time', () => {
    const { logger, lines, last } = makeRecorder();
    logger.info({ count: 3, at: new Date(0) }, 'Members changed');
    assert.equal(lines.length, 1);
    assert.ok(lines[0]?.endsWith('}\n'));
    const { time, ...rest } = last();
    assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual(rest, {
      level: 'info',
      count: 3,
      at: '1970-01-01T00:00:00.000Z',
      msg: 'Members changed',
    });
  });

  it('keeps to its level', () => {
    const { logger, lines } = makeRecorder('warn');
    logger.info('not written');
    assert.deepEqual(lines, []);
  });

  for (const name of [
    'authorization',
    'Authorization',
    'token',
    'accessToken',
    'refresh_token',
    'secret',
    'clientSecret',
    'password',
    'applicationKey',
    'key',
    'apiKey',
    'x-api-key',
    'cookie',
    'set-cookie',
    'adminApiKey',
    'databaseUrl',
  ]) {
    it(`takes the value of ${name} out, at the top, nested and in arrays`, () => {
      const { logger, lines, last } = makeRecorder();
      logger.info({ [name]: SECRET, a: { b: { c: [{ [name]: SECRET }] } } });
      assert.ok(!lines.join().includes(SECRET));
      assert.equal(last()[name], '[redacted]');
    });
  }

  it('takes a secret out of the bindings of a child and of a grandchild', () => {
    const { logger, lines, last } = makeRecorder();
    logger
      .child({ requestId: 'r1', token: SECRET })
      .child({ headers: { cookie: SECRET } })
      .info('Hello');
    assert.ok(!lines.join().includes(SECRET));
    assert.equal(last().requestId, 'r1');
  });

  it('keeps harmless fields that only sound like secrets', () => {
    const { logger, last } = makeRecorder();
    logger.info({ hasToken: true, tokenId: 't1', nextCursor: 'c1', keyCount: 2 });
    assert.deepEqual(
      [last().hasToken, last().tokenId, last().nextCursor, last().keyCount],
      [true, 't1', 'c1', 2],
    );
  });

  it('finds credentials inside texts: bearer values, URLs with a password, signed tokens', () => {
    const { logger, lines } = makeRecorder();
    const signed = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl';
    logger.warn({ note: `Bearer ${SECRET}` }, `postgres://app:${SECRET}@db:5432/x refused ${signed}`);
    assert.ok(!lines.join().includes(SECRET));
    assert.ok(!lines.join().includes('eyJ'));
    assert.ok(lines.join().includes('postgres://[redacted]@db:5432/x refused'));
  });

  it('shows an error with its code, stack and causes, and nothing a library hung on it', () => {
    const { logger, lines, last } = makeRecorder();
    const cause = Object.assign(new Error(`login with Bearer ${SECRET} failed`), {
      code: '28P01',
      parameters: [SECRET],
    });
    logger.error({ err: new Error('Database away', { cause }) });
    assert.ok(!lines.join().includes(SECRET));
    const shown = JSON.stringify(last().err);
    assert.match(shown, /"type":"Error","message":"Database away","stack":"Error: Database away/);
    assert.match(
      shown,
      /"cause":\{"type":"Error","message":"login with Bearer \[redacted\] failed","code":"28P01"/,
    );
    assert.equal(last().msg, 'Database away');
  });

  it('cleans the message of an error that is logged alone', () => {
    const { logger, lines } = makeRecorder();
    logger.error(new Error(`Bearer ${SECRET}`));
    assert.ok(!lines.join().includes(SECRET));
  });

  it('does not walk into requests, buffers and other instances', () => {
    const { logger, lines, last } = makeRecorder();
    const request = new IncomingMessage(new Socket());
    request.headers.authorization = SECRET;
    logger.info({ request, bytes: Buffer.from(SECRET) });
    logger.info(request);
    assert.ok(!lines.join().includes(SECRET));
    assert.ok(!lines.join().includes(Buffer.from(SECRET).toString('base64')));
    assert.ok(lines.join().length < 1000, 'an instance is named, not dumped');
    assert.equal(last().level, 'info');
  });

  it('survives circular, deep and very long values', () => {
    const { logger, lines } = makeRecorder();
    const circle: Record<string, unknown> = { text: 'x'.repeat(100_000), list: Array(10_000).fill('y') };
    circle.self = circle;
    logger.info({ circle });
    assert.equal(lines.length, 1);
    assert.ok((lines[0] ?? '').length < 60_000);
  });
});
