import { Writable } from 'node:stream';
import type pg from 'pg';
import type { ConfigurationLock } from '../operations/ports.ts';
import type { Statement } from './sql-connection.ts';
import { isDatabaseAway, isStalePlan } from './sql-error.ts';
import { isUuid } from './uuid.ts';

/** Sees every SQL statement that is sent, BEGIN, COMMIT and locks included, and every round trip. */
export interface StatementObserver {
  readonly onStatement?: (text: string) => void;
  readonly onRoundTrip?: () => void;
}

/** The organization that each server connection is bound to, as far as we know for sure. */
const bindings = new WeakMap<pg.ClientBase, string>();

/**
 * One server connection while it is taken out of the pool. It remembers across uses which organization the connection
 * is bound to, so that binding costs a statement only when the organization differs.
 */
export class Session {
  readonly #client: pg.ClientBase;
  readonly #observer: StatementObserver;
  #unanswered = 0;
  #isCorked = false;
  #isBroken = false;

  constructor(client: pg.ClientBase, observer: StatementObserver) {
    this.#client = client;
    this.#observer = observer;
  }

  /** A broken session must not go back to the pool. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Nothing on this connection can be relied on any more. */
  giveUp(): void {
    this.#isBroken = true;
  }

  /** What has not been answered yet fails now; what has not been committed is not done. */
  cut(): void {
    this.giveUp();
    streamOf(this.#client)?.destroy();
  }

  get organizationId(): string | null {
    return bindings.get(this.#client) ?? null;
  }

  /**
   * Statements of one session run one after the other, in the order they were asked for. They are pipelined: the next
   * one is sent without waiting for the answer to the one before, and inside a transaction fails when that one fails.
   */
  run(statement: Statement): Promise<pg.QueryResult> {
    return this.#send(() => {
      this.#observer.onStatement?.(statement.text);
      const { text, name, values } = statement;
      return this.#client.query({
        text,
        ...(name === undefined ? {} : { name }),
        ...(values === undefined ? {} : { values: [...values] }),
      });
    });
  }

  /** Statements without values in one message. */
  async script(texts: readonly string[]): Promise<void> {
    await this.#send(() => {
      for (const text of texts) this.#observer.onStatement?.(text);
      return this.#client.query(texts.join('; '));
    });
  }

  /** Binds outside a transaction. A connection of which it is not sure what it is bound to is given up. */
  async bind(organizationId: string): Promise<void> {
    if (this.organizationId === organizationId) return;
    requireUuid(organizationId);
    bindings.delete(this.#client);
    try {
      await this.run({
        name: 'bind_organization',
        text: `select set_config('app.organization_id', $1, false)`,
        values: [organizationId],
      });
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
    bindings.set(this.#client, organizationId);
  }

  /**
   * Opens a transaction, binds and takes a lock in one message. A binding made here holds beyond the commit, and is
   * undone by a rollback, which is why it counts as known only after `commit`.
   */
  async begin(organizationId: string, configuration: ConfigurationLock): Promise<void> {
    requireUuid(organizationId);
    const isBound = this.organizationId === organizationId;
    if (!isBound) bindings.delete(this.#client);
    const calls = [
      ...(isBound ? [] : [`set_config('app.organization_id', '${organizationId}', false)`]),
      ...lockCalls(organizationId, configuration),
    ];
    const begin = 'begin isolation level read committed read write';
    await this.script(calls.length === 0 ? [begin] : [begin, `select ${calls.join(', ')}`]);
  }

  async commit(organizationId: string): Promise<void> {
    const result = await this.run({ text: 'commit' });
    // PostgreSQL answers a commit of a failed transaction with a rollback, and calls that a success.
    if (result.command !== 'COMMIT')
      throw new Error('A statement of the unit of work failed and was ignored');
    bindings.set(this.#client, organizationId);
  }

  /** Never throws: a connection that cannot roll back is given up. */
  async rollback(): Promise<void> {
    if (this.#isBroken) return;
    try {
      await this.run({ text: 'rollback' });
    } catch {
      this.#isBroken = true;
    }
  }

  /** Goes out with everything else that is sent before the event loop turns, in the order it was asked for. */
  #send<Result>(send: () => Promise<Result>): Promise<Result> {
    if (this.#unanswered === 0) this.#observer.onRoundTrip?.();
    this.#unanswered += 1;
    this.#cork();
    const result = send();
    const settle = (error?: unknown): void => {
      this.#unanswered -= 1;
      if (isDatabaseAway(error) || isStalePlan(error)) this.#isBroken = true;
    };
    result.then(() => settle(), settle);
    return result;
  }

  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    const stream = streamOf(this.#client);
    stream?.cork();
    // Runs when the promises that are ready now have run: until then more statements may join.
    process.nextTick(() => {
      this.#isCorked = false;
      stream?.uncork();
    });
  }
}

/** The socket is no documented part of `pg`; without it every statement is written by itself. */
function streamOf(client: pg.ClientBase): Writable | null {
  const connection: unknown = Reflect.get(client, 'connection');
  if (typeof connection !== 'object' || connection === null) return null;
  const stream: unknown = Reflect.get(connection, 'stream');
  return stream instanceof Writable ? stream : null;
}

/** The id is written into the text of a statement and is the key of the binding. */
function requireUuid(organizationId: string): void {
  if (!isUuid(organizationId)) throw new Error('The organization id of a context is not a UUID');
}

/** The lower half of a UUIDv7 is random: two organizations that share a key would only wait for each other. */
function lockCalls(organizationId: string, configuration: ConfigurationLock): readonly string[] {
  if (configuration === 'none') return [];
  const key = BigInt.asIntN(64, BigInt(`0x${organizationId.replaceAll('-', '').slice(16)}`));
  return [
    configuration === 'shared' ? `pg_advisory_xact_lock_shared(${key})` : `pg_advisory_xact_lock(${key})`,
  ];
}
