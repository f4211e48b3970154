import assert from 'node:assert/strict';
import { Agent, request as httpRequest } from 'node:http';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { startTestApp, type TestApp } from '../support/app.ts';
import { makeClient } from './conformance/scim-client.ts';
import { type FuzzRequest, FuzzRequests } from './http-fuzz-requests.ts';

/** FUZZ_INPUTS or FUZZ_SECONDS runs longer, FUZZ_SEED starts with the number that a failure names. */
const inputs = Number(process.env.FUZZ_INPUTS ?? Number.POSITIVE_INFINITY);
const seconds = Number(process.env.FUZZ_SECONDS ?? (Number.isFinite(inputs) ? 86_400 : 8));
const firstSeed = Number(process.env.FUZZ_SEED ?? 20_260_101);
/** Far beyond anything that is served: an input that makes the server work for so long has found a hole. */
const patienceSeconds = 20;
/** What no input may need by itself. One that takes longer beside the others is sent again, alone. */
const longestMs = 1000;
const batchSize = 8;
const batchesOfRound = 250;
const roundsAtOnce = 3;
/** State is compared around one batch in so many: that takes longer than the requests. */
const batchesPerComparison = 4;

const extension = {
  schema: 'urn:ietf:params:scim:schemas:extension:fuzz:2.0:User',
  name: 'Fuzz',
  attributes: [
    { name: 'badge', type: 'integer' },
    { name: 'since', type: 'dateTime' },
    { name: 'tags', multiValued: true },
    { name: 'origin', mutability: 'immutable' },
    {
      name: 'seats',
      type: 'complex',
      multiValued: true,
      subAttributes: [{ name: 'value' }, { name: 'type' }],
    },
  ],
};

interface Outcome {
  readonly seed: number;
  readonly request: FuzzRequest;
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  /** From sending to the end of the answer. */
  readonly ms: number;
}

/** What a round did. */
interface Tally {
  readonly sent: number;
  readonly slowest: Outcome | null;
}

/** What a connection holds, in one number that any change of it changes. */
const fingerprintSql = `
  select md5(concat_ws('|',
    (select string_agg(md5(u::text), ',' order by u.directory_user_id)
      from directory_users u where u.connection_id = $1),
    (select string_agg(md5(g::text), ',' order by g.directory_group_id)
      from directory_groups g where g.connection_id = $1),
    (select string_agg(md5(m::text), ',' order by md5(m::text))
      from memberships m join directory_groups g using (organization_id, directory_group_id)
      where g.connection_id = $1))) as fingerprint`;

describe('SCIM over HTTP under arbitrary input', () => {
  let app: TestApp;
  let database: pg.Pool;
  const agent = new Agent({ keepAlive: true, maxSockets: batchSize * roundsAtOnce });
  before(async () => {
    app = await startTestApp({ env: { RATE_LIMIT_PER_SECOND: '0' } });
    database = new pg.Pool({ connectionString: app.databaseUrl, max: roundsAtOnce });
  });
  after(async () => {
    agent.destroy();
    await database.end();
    await app.stop();
  });

  async function fingerprintOf(connectionId: string): Promise<string> {
    const { rows } = await database.query(fingerprintSql, [connectionId]);
    return rows[0].fingerprint;
  }

  function send(base: string, token: string, seed: number, request: FuzzRequest): Promise<Outcome> {
    const url = new URL(base);
    const start = performance.now();
    return new Promise((resolve, reject) => {
      const { method, path, headers, body } = request;
      const sent = httpRequest(
        {
          agent,
          host: url.hostname,
          port: url.port,
          method,
          path: `${url.pathname}${path}`,
          headers: {
            authorization: `Bearer ${token}`,
            ...(body === null ? {} : { 'content-length': Buffer.byteLength(body) }),
            ...headers,
          },
          signal: AbortSignal.timeout(patienceSeconds * 1000),
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('error', reject);
          response.on('end', () => {
            const { statusCode = 0, headers: answered } = response;
            const contentType = answered['content-type'] ?? '';
            const ms = performance.now() - start;
            resolve({ seed, request, status: statusCode, contentType, text, ms });
          });
        },
      );
      sent.on('error', (cause) =>
        reject(new Error(`No answer. ${describeRequest(seed, request)}`, { cause })),
      );
      sent.end(body ?? undefined);
    });
  }

  /** A connection of its own with something in it, until enough has been written into it. */
  async function fuzzRound(seed: number, until: number): Promise<Tally> {
    const { connection, createUser, createGroup } = await makeClient(app, `round ${seed}`);
    const userIds = [await createUser('ada'), await createUser('grace'), await createUser('min')];
    const groupIds = [await createGroup('engineers', userIds), await createGroup('nobody')];
    await app.admin('PATCH', `/connections/${connection.connectionId}`, { customExtensions: [extension] });
    const names = extension.attributes.map(({ name }) => name);
    const requests = new FuzzRequests({ userIds, groupIds, extension: { urn: extension.schema, names } });
    const { scimBaseUrl, token, connectionId } = connection;
    let slowest: Outcome | null = null;
    let next = seed;
    for (let batch = 0; batch < batchesOfRound && Date.now() < until; batch += 1) {
      const isCompared = batch % batchesPerComparison === 0;
      const fingerprint = isCompared ? await fingerprintOf(connectionId) : null;
      const seeds = Array.from({ length: batchSize }, () => next++);
      const outcomes = await Promise.all(
        seeds.map((one) => send(scimBaseUrl, token, one, requests.make(one))),
      );
      for (const outcome of outcomes) checkOutcome(outcome);
      if (fingerprint !== null && !outcomes.some(mayHaveWritten)) {
        const now = await fingerprintOf(connectionId);
        assert.equal(now, fingerprint, `Refused requests changed something, seeds ${seeds.join(', ')}`);
      }
      for (const outcome of outcomes) {
        if (outcome.ms <= longestMs) slowest = slower(slowest, outcome);
        else delayed.push({ outcome, again: () => send(scimBaseUrl, token, outcome.seed, outcome.request) });
      }
    }
    return { sent: next - seed, slowest };
  }

  /** Inputs that took long while others were served, to be sent again alone. */
  const delayed: { readonly outcome: Outcome; readonly again: () => Promise<Outcome> }[] = [];

  async function checkDelayed(): Promise<void> {
    for (const { outcome, again } of delayed) {
      const alone = await again();
      checkOutcome(alone);
      const shown = describeRequest(outcome.seed, outcome.request);
      assert.ok(alone.ms <= longestMs, `${shown} took ${outcome.ms} ms, and ${alone.ms} ms alone`);
    }
  }

  const extent = Number.isFinite(inputs) ? `${inputs} inputs` : `${seconds} s`;
  test(`answers every request, refuses what is wrong and keeps its state, for ${extent}`, async (t) => {
    const prototype = Object.getOwnPropertyNames(Object.prototype);
    const start = Date.now();
    const until = start + seconds * 1000;
    let slowest: Outcome | null = null;
    let sent = 0;
    while (Date.now() < until && sent < inputs) {
      const seeds = Array.from(
        { length: roundsAtOnce },
        (_, round) => firstSeed + sent + round * batchesOfRound * batchSize,
      );
      for (const round of await Promise.all(seeds.map((seed) => fuzzRound(seed, until)))) {
        sent += round.sent;
        slowest = round.slowest === null ? slowest : slower(slowest, round.slowest);
      }
      assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), prototype);
    }
    await checkDelayed();
    const { createUser } = await makeClient(app, 'afterwards');
    await createUser('still-served');
    t.diagnostic(`${sent} requests from seed ${firstSeed} in ${Math.round((Date.now() - start) / 1000)} s`);
    t.diagnostic(`${delayed.length} took more than ${longestMs} ms beside others, none of them alone`);
    if (slowest !== null)
      t.diagnostic(
        `slowest of the rest: ${Math.round(slowest.ms)} ms, ${describeRequest(slowest.seed, slowest.request).slice(0, 300)}`,
      );
    assert.ok(sent > 100, `only ${sent} requests`);
  });
});

const slower = (one: Outcome | null, other: Outcome): Outcome =>
  one === null || other.ms > one.ms ? other : one;

function describeRequest(seed: number, { method, path, headers, body }: FuzzRequest): string {
  const start = `FUZZ_SEED=${seed}: ${method} ${path} ${JSON.stringify(headers)}`;
  return `${start} ${body === null ? '' : body.slice(0, 2000)}`;
}

function checkOutcome({ seed, request, status, contentType, text }: Outcome): void {
  const shown = `${describeRequest(seed, request)} was answered ${status} ${text.slice(0, 500)}`;
  // 501 is what /Me says; an unknown method does not get past the parser of Node.
  assert.ok(status >= 200 && (status < 500 || status === 501), shown);
  assert.ok(!/node_modules|\.ts:\d+/.test(text), shown);
  if (text === '') return;
  assert.equal(contentType, 'application/scim+json', shown);
  const body = JSON.parse(text);
  if (status >= 400) {
    assert.equal(body.status, String(status), shown);
    assert.deepEqual(body.schemas, ['urn:ietf:params:scim:api:messages:2.0:Error'], shown);
  }
  for (const { status: part } of request.path === '/Bulk' ? (body.Operations ?? []) : []) {
    assert.ok(Number(part) < 500, shown);
  }
}

/** Answered with success, and by a method that may change something. */
function mayHaveWritten({ request: { method, path }, status }: Outcome): boolean {
  return status < 400 && method !== 'GET' && method !== 'HEAD' && !path.startsWith('/.search');
}
