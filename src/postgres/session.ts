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
const bindings = new WeakMap<pg.PoolClient, string>();

/**
 * One server connection while it is taken out of the pool. It remembers across uses which organization the connection
 * is bound to, so that binding costs a statement only when the organization differs.
 */
export class Session {
  readonly #client: pg.PoolClient;
  readonly #observer: StatementObserver;
  #tail: Promise<unknown> = Promise.resolve();
  #isBroken = false;

  constructor(client: pg.PoolClient, observer: StatementObserver) {
    this.#client = client;
    this.#observer = observer;
  }

  /** A broken session must not go back to the pool. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  get organizationId(): string | null {
    return bindings.get(this.#client) ?? null;
  }

  /** Statements of one session run one after the other, in the order they were asked for. */
  run(statement: Statement): Promise<pg.QueryResult> {
    return this.#enqueue(() => {
      this.#observer.onStatement?.(statement.text);
      const { text, name, values } = statement;
      return this.#client.query({
        text,
        ...(name === undefined ? {} : { name }),
        ...(values === undefined ? {} : { values: [...values] }),
      });
    });
  }

  /** Statements without values in one round trip. */
  async script(texts: readonly string[]): Promise<void> {
    await this.#enqueue(() => {
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
   * Opens a transaction, binds and takes a lock in one round trip. A binding made here holds beyond the commit, and is
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

  #enqueue<Result>(send: () => Promise<Result>): Promise<Result> {
    const result = this.#tail.then(() => {
      this.#observer.onRoundTrip?.();
      return send();
    });
    this.#tail = result.catch((error: unknown) => {
      if (isDatabaseAway(error) || isStalePlan(error)) this.#isBroken = true;
    });
    return result;
  }
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
