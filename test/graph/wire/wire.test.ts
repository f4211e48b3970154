import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeGraphDirectory } from '../../../src/graph/graph-directory.ts';
import { makeGraphSubscriptions } from '../../../src/graph/graph-subscriptions.ts';
import type {
  GraphDirectory,
  GraphSubscriptions,
  NewGraphSubscription,
} from '../../../src/operations/tenants/graph-ports.ts';
import { collect, connection, makeTestClient, neverAborted } from '../graph-fixtures.ts';
import { type LocalServer, type SeenRequest, startServer } from '../local-server.ts';

/** One call of a port, everything that goes over the wire for it, and what must come of it. */
interface GraphWireCase {
  readonly id: string;
  readonly when: string;
  /** The calls are made at the same time, so the exchanges come in any order. */
  readonly isParallel?: boolean;
  readonly call: Readonly<Record<string, unknown>> & { readonly method: string };
  readonly exchanges: readonly {
    readonly request: {
      readonly method: string;
      readonly path: string;
      /** As it is sent, without the question mark. */
      readonly query: string;
      /** In lower case; others are not looked at. */
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    };
    readonly reply: {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: object;
    };
  }[];
  /** Where a result or error is an object, members that are not named here are not looked at, at the first level. */
  readonly expect: {
    readonly result?: unknown;
    readonly error?: Readonly<Record<string, unknown>>;
    /** At least one pause was this long. */
    readonly minSleepMs?: number;
  };
}

const cases = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file): readonly GraphWireCase[] =>
    // The files are part of this test.
    JSON.parse(readFileSync(join(import.meta.dirname, file), 'utf8')),
  );

/** `{base}` stands for the server of the test. */
const withBase = <Value>(value: Value, base: string): Value =>
  value === undefined ? value : JSON.parse(JSON.stringify(value).replaceAll('{base}', base));

function perform(
  { method, ...given }: GraphWireCase['call'],
  directory: GraphDirectory,
  subscriptions: GraphSubscriptions,
): Promise<unknown> {
  const signal = neverAborted();
  // Each method has its own arguments; the files give the right ones.
  const args = given as unknown as {
    cursor: string | null;
    groupIds: string[];
    user: string;
    groupId: string;
    ids: string[];
    id: string;
    lifetimeMinutes: number;
    subscription: NewGraphSubscription;
  };
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    readUsers: () => collect(directory.readUsers(connection, { cursor: args.cursor, signal })),
    readGroups: async () =>
      await collect(
        directory.readGroups(connection, { cursor: args.cursor, groupIds: args.groupIds, signal }),
      ),
    checkMemberGroups: () =>
      directory.checkMemberGroups(connection, { user: args.user, groupIds: args.groupIds, budgetMs: 2000 }),
    memberGroups: () => directory.memberGroups(connection, args.user, signal),
    transitiveMembers: () => collect(directory.transitiveMembers(connection, args.groupId, signal)),
    nestedGroups: () => directory.nestedGroups(connection, args.groupId, signal),
    getUser: () => directory.getUser(connection, args.user, signal),
    getUsers: () => directory.getUsers(connection, args.ids, signal),
    getGroups: () => directory.getGroups(connection, args.ids, signal),
    deletedUsers: () => collect(directory.deletedUsers(connection, signal)),
    organization: () => directory.organization(connection, signal),
    'subscriptions.create': () => subscriptions.create(connection, args.subscription, signal),
    'subscriptions.renew': () =>
      subscriptions.renew(connection, { id: args.id, lifetimeMinutes: args.lifetimeMinutes }, signal),
    'subscriptions.reauthorize': () => subscriptions.reauthorize(connection, args.id, signal),
    'subscriptions.delete': () => subscriptions.delete(connection, args.id, signal),
    'subscriptions.list': () => subscriptions.list(connection, signal),
  };
  const call = calls[method];
  assert.ok(call, `unknown call ${method}`);
  return call();
}

/** Cursors are opaque, but they hold the link that is called next: only that is compared. */
function withLinks(result: unknown): unknown {
  if (!Array.isArray(result)) return result;
  return result.map((step: unknown) => {
    if (typeof step !== 'object' || step === null || !('kind' in step)) return step;
    return Object.fromEntries(
      Object.entries(step).map(([name, value]) => [
        name,
        name === 'cursor' || name === 'resume' ? String(value).replace(/^\S+ /, '') : value,
      ]),
    );
  });
}

type Exchange = GraphWireCase['exchanges'][number];

const textOf = (method: string, url: string, body: unknown): string =>
  `${method} ${url} ${body === undefined ? '' : JSON.stringify(body)}`;

const seenText = ({ method, url, body }: SeenRequest): string =>
  textOf(method, url, body === '' ? undefined : JSON.parse(body));

const wantedText = ({ request: { method, path, query, body } }: Exchange): string =>
  textOf(method, query === '' ? path : `${path}?${query}`, body);

function checkRequests({ exchanges, isParallel }: GraphWireCase, seen: readonly SeenRequest[]): void {
  const [sent, wanted] = [seen.map(seenText), exchanges.map(wantedText)];
  if (isParallel) assert.deepEqual(sent.sort(), wanted.sort());
  else assert.deepEqual(sent, wanted);
  exchanges.forEach(({ request: { headers = {} } }, index) => {
    for (const [name, value] of Object.entries(headers))
      assert.equal(seen[index]?.headers[name], value, name);
  });
}

/** The named members of an object, or the value itself. */
const partOf = (actual: unknown, expected: unknown): unknown =>
  typeof expected === 'object' &&
  expected !== null &&
  !Array.isArray(expected) &&
  typeof actual === 'object' &&
  actual !== null
    ? Object.fromEntries(
        Object.entries(expected).map(([name, value]) => [name, partOf(Reflect.get(actual, name), value)]),
      )
    : actual;

async function run(wireCase: GraphWireCase, server: LocalServer): Promise<void> {
  const { client, clouds, timing } = makeTestClient(server.url);
  const access = { client, clouds };
  const call = withBase(wireCase.call, server.url);
  const expected = withBase(wireCase.expect, server.url);
  const outcome = await perform(call, makeGraphDirectory(access), makeGraphSubscriptions(access)).then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
  checkRequests(wireCase, server.seen);
  if (expected.error) {
    assert.ok('error' in outcome, 'it did not fail');
    assert.deepEqual(partOf(outcome.error, expected.error), expected.error);
  } else {
    if ('error' in outcome) throw outcome.error;
    assert.deepEqual(partOf(withLinks(outcome.result), expected.result), expected.result);
  }
  const { minSleepMs } = expected;
  if (minSleepMs !== undefined)
    assert.ok(
      timing.sleeps.some((ms) => ms >= minSleepMs),
      String(timing.sleeps),
    );
}

describe('calls of Microsoft Graph on the wire', () => {
  it('are known from files', () => {
    assert.ok(cases.length > 50, `only ${cases.length}`);
  });

  for (const wireCase of cases) {
    it(`${wireCase.id}: ${wireCase.when}`, async () => {
      const open = [...wireCase.exchanges];
      const server = await startServer((request) => {
        const index = open.findIndex((exchange) => wantedText(exchange) === seenText(request));
        const [found] = index < 0 ? [] : open.splice(index, 1);
        return found ? withBase(found.reply, server.url) : { status: 418, body: 'not in the file' };
      });
      try {
        await run(wireCase, server);
      } finally {
        await server.close();
      }
    });
  }
});
