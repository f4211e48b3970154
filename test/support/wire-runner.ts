import type { ScimConnection, TestApp } from './app.ts';
import {
  driveOf,
  type WireCase,
  type WireCheck,
  type WireRequest,
  type WireStateCheck,
} from './wire-case.ts';
import { runCheck } from './wire-checks.ts';
import { WireFixtures } from './wire-fixtures.ts';
import { valueAt } from './wire-path.ts';

interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
}

/** Parts of `given` that are no resources. */
const NO_FIXTURE = /^(?:drive|fault): /;
/** Without a word boundary: in a query the name follows `%22`. */
const RESOURCE_NAME = /(?:usr|grp)_\w+/g;

function expandItem(item: unknown): readonly unknown[] {
  const generate = valueAt(item, '$generate');
  if (typeof generate !== 'object' || generate === null) return [expand(item)];
  const { from, to, ...template }: Record<string, unknown> = { ...generate };
  const numbers = Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => Number(from) + index);
  return numbers.map((number) =>
    JSON.parse(JSON.stringify(template).replaceAll('%04d', String(number).padStart(4, '0'))),
  );
}

/** Writes out `{"$generate": …}` items of arrays. */
function expand(value: unknown): unknown {
  if (Array.isArray(value)) return value.flatMap(expandItem);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, expand(inner)]));
}

/** The case with the ids and secrets of this run in place of names and placeholders. */
function settle(
  wireCase: WireCase,
  fixtures: WireFixtures,
  placeholders: Readonly<Record<string, string>>,
): WireCase {
  const text = JSON.stringify(expand(wireCase))
    .replaceAll(/\{(\w+)\}/g, (whole, name: string) => placeholders[name] ?? whole)
    .replaceAll(RESOURCE_NAME, (name) => fixtures.idOf(name));
  return JSON.parse(text);
}

function parse(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

async function send({ method, path, query, headers, body }: WireRequest): Promise<WireAnswer> {
  const response = await fetch(query === '' ? path : `${path}?${query}`, {
    method,
    headers,
    ...(body === null ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parse(text) };
}

/** The case's own request, as often as its drive says. */
async function drive(wireCase: WireCase): Promise<readonly WireAnswer[]> {
  const step = driveOf(wireCase);
  if (step.kind === 'once') return [await send(wireCase.request)];
  if (step.kind === 'parallel') {
    return Promise.all(Array.from({ length: step.times }, () => send(wireCase.request)));
  }
  const answers: WireAnswer[] = [];
  for (let time = 0; time < step.times; time += 1) answers.push(await send(wireCase.request));
  return answers;
}

/** One run of one case. Everything that is not as expected is collected in words. */
class WireRun {
  readonly #app: TestApp;
  readonly #connection: ScimConnection;
  readonly #case: WireCase;
  readonly failures: string[] = [];

  constructor(app: TestApp, connection: ScimConnection, wireCase: WireCase) {
    this.#app = app;
    this.#connection = connection;
    this.#case = wireCase;
  }

  async run(): Promise<void> {
    const before = await Promise.all(this.#case.expect.stateAfter.map((check) => this.#stateBefore(check)));
    const answers = await drive(this.#case);
    this.#checkStatuses(answers);
    for (const answer of answers) {
      this.#checkHeaders(answer);
      await this.#checkBody(answer);
    }
    for (const [index, check] of this.#case.expect.stateAfter.entries()) {
      await this.#checkState(check, answers, before[index]);
    }
  }

  #note(where: string, failure: string | null): void {
    if (failure !== null) this.failures.push(`${where} ${failure}`);
  }

  #checkStatuses(answers: readonly WireAnswer[]): void {
    const { status } = this.#case.expect;
    for (const answer of answers) {
      if (status.includes(answer.status)) continue;
      this.failures.push(
        `status: expected ${status.join(' or ')}, got ${answer.status} ${answer.text.slice(0, 500)}`,
      );
    }
    // Of requests sent at once each gets its own one of the statuses: one wins, the other is told.
    if (driveOf(this.#case).kind !== 'parallel') return;
    const got = answers.map((answer) => answer.status).sort();
    if (status.some((expected) => !got.includes(expected))) {
      this.failures.push(`statuses: expected each of ${status.join(', ')}, got ${got.join(', ')}`);
    }
  }

  #checkHeaders({ headers }: WireAnswer): void {
    for (const [name, checks] of Object.entries(this.#case.expect.headers)) {
      const value = headers.get(name) ?? undefined;
      for (const [op, expected] of Object.entries(checks)) {
        this.#note('header', runCheck({ path: name, op, value: expected }, { root: { [name]: value } }));
      }
    }
  }

  async #checkBody(answer: WireAnswer): Promise<void> {
    for (const check of this.#case.expect.bodyChecks) {
      const root = check.path === '$text' ? { $text: answer.text } : answer.body;
      const firstPage =
        check.op === 'disjointFromPage1' ? valueAt(await this.#firstPage(), check.path) : undefined;
      this.#note('body', runCheck(check, { root, firstPage }));
    }
  }

  async #firstPage(): Promise<unknown> {
    const query = this.#case.request.query.replace(/startIndex=\d+/, 'startIndex=1');
    return (await send({ ...this.#case.request, query })).body;
  }

  async #stateBefore(check: WireStateCheck): Promise<unknown> {
    const needsIt = ['changed', 'unchanged', 'decreased'].includes(check.op);
    return needsIt ? valueAt(await this.#stateOf(check, check.id), check.path) : undefined;
  }

  async #checkState(check: WireStateCheck, answers: readonly WireAnswer[], before: unknown): Promise<void> {
    const where = `${check.resource} ${check.id}`;
    if (check.op === 'countEq') return this.#note(where, await this.#checkCount(check));
    const id = check.id === '$created' ? String(valueAt(answers[0]?.body, 'id')) : check.id;
    const root = await this.#stateOf(check, id);
    if (check.op === 'gone')
      return this.#note(where, root === undefined ? null : 'expected to be gone, is still there');
    if (root === undefined) return this.#note(where, 'expected to be there, was not found');
    this.#note(where, runCheck(check, { root, before }));
  }

  /** `path` is `attribute eq value`, for which the client would send a filter. */
  async #checkCount({
    resource,
    path,
    value,
  }: WireCheck & { readonly resource: string }): Promise<string | null> {
    const [attribute, operator, ...words] = path.split(' ');
    const filter = `${attribute} ${operator} "${words.join(' ')}"`;
    const answer = await this.#app.scim(
      this.#connection,
      'GET',
      `/${resource}s?filter=${encodeURIComponent(filter)}`,
    );
    const count: unknown = answer.body?.totalResults;
    return count === value ? null : `where ${path}: expected ${value}, got ${count}`;
  }

  async #stateOf({ resource }: WireStateCheck, id: string): Promise<unknown> {
    if (resource === 'Login') return this.#loginOf(id);
    const answer = await this.#app.scim(this.#connection, 'GET', `/${resource}s/${id}`);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw new Error(`${resource} ${id} answered ${answer.status}: ${answer.text}`);
    return answer.body;
  }

  /** The sign-in identity of the person that the user became. */
  async #loginOf(userId: string): Promise<unknown> {
    const { body: user } = await this.#app.admin('GET', `/directory-users/${userId}`);
    if (user?.employeeId) return (await this.#app.admin('GET', `/employees/${user.employeeId}`)).body;
    if (user?.contactId) return (await this.#app.admin('GET', `/contacts/${user.contactId}`)).body;
    return undefined;
  }
}

/** Runs a case on a connection of its own; the failures in words, none when all is as recorded. */
export async function runWireCase(app: TestApp, wireCase: WireCase): Promise<readonly string[]> {
  const kind = wireCase.client.startsWith('entra') ? 'entra' : 'scim';
  const connection = await app.createScimConnection(wireCase.id, kind);
  const other = await app.createScimConnection(`${wireCase.id} other`);
  const fixtures = new WireFixtures(app, connection);
  if (wireCase.expect.stateAfter.some(({ resource }) => resource === 'Login'))
    await fixtures.makeAdaAnEmployee();
  for (const given of wireCase.given) if (!NO_FIXTURE.test(given)) await fixtures.make(given);

  const settled = settle(wireCase, fixtures, {
    base: connection.scimBaseUrl,
    secret: connection.token,
    secretOtherConnection: other.token,
  });
  return runSettledCase(app, connection, settled);
}

/** Runs a case that names no fixtures and no placeholders any more. */
export async function runSettledCase(
  app: TestApp,
  connection: ScimConnection,
  settled: WireCase,
): Promise<readonly string[]> {
  const run = new WireRun(app, connection, settled);
  await run.run();
  return run.failures;
}
