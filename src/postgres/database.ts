import pg from 'pg';
import type { Logger } from '../observability/logger.ts';
import { OperationError } from '../operations/operation-error.ts';
import { prepareConnection } from './connection-setup.ts';
import { Session, type StatementObserver } from './session.ts';
import type { Statement } from './sql-connection.ts';
import { translateSqlError } from './sql-error.ts';
import { typeParsers } from './type-parsers.ts';

export interface DatabaseOptions extends StatementObserver {
  readonly url: string;
  readonly poolSize: number;
  readonly logger?: Logger;
  /** How long to wait for a connection, new or free, before the database counts as unavailable. */
  readonly acquireTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
}

export interface PoolState {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

export interface Database {
  /** Takes a connection out of the pool for `work`; `unavailable` when there is none to be had. */
  readonly withSession: <Result>(work: (session: Session) => Promise<Result>) => Promise<Result>;
  /**
   * One statement outside any organization, for the few that have none: it may find its connection bound to whichever
   * organization used it last, so it must not read a tenant table.
   */
  readonly systemRows: <Row>(statement: Statement) => Promise<readonly Row[]>;
  /** Throws `unavailable` while the database is away. */
  readonly ping: () => Promise<void>;
  readonly poolState: () => PoolState;
  /** Waits a moment for the connections in use, then cuts them: nobody is there any more to hear the answer. */
  readonly close: () => Promise<void>;
}

/** Beyond the server's own timeout, for a server that went away without a word. */
const unansweredMs = 5_000;
/** Requests were answered or cut before, and jobs given back. */
const closeGraceMs = 1_000;

export function openDatabase(options: DatabaseOptions): Database {
  const { logger, acquireTimeoutMs = 5_000, statementTimeoutMs = 30_000 } = options;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    connectionTimeoutMillis: acquireTimeoutMs,
    idleTimeoutMillis: 60_000,
    query_timeout: statementTimeoutMs + unansweredMs,
    keepAlive: true,
    pipeline: true,
    application_name: 'rollcall',
    types: typeParsers,
    onConnect: (client) => prepareConnection(client, statementTimeoutMs, logger),
  });
  // An idle connection that dies takes nothing with it; the pool opens another when one is needed.
  pool.on('error', (error) => logger?.warn({ err: error }, 'an idle database connection was lost'));

  const inUse = new Set<Session>();
  const withSession: Database['withSession'] = async (work) => {
    const client = await acquire(pool);
    const session = new Session(client, options);
    inUse.add(session);
    try {
      return await work(session);
    } finally {
      inUse.delete(session);
      client.release(session.isBroken);
    }
  };
  const systemRows = <Row>(statement: Statement): Promise<readonly Row[]> =>
    withSession(async (session) => {
      // The rows have the shape that the statement's author gave them.
      return (await session.run(statement)).rows as Row[];
    }).catch((error: unknown) => {
      throw translateSqlError(error);
    });
  const closePool = async (): Promise<void> => {
    const cut = () => {
      for (const session of inUse) session.cut();
    };
    const deadline = setTimeout(cut, closeGraceMs);
    await pool.end().finally(() => clearTimeout(deadline));
  };
  let closing: Promise<void> | null = null;
  return {
    withSession,
    systemRows,
    ping: async () => {
      await systemRows({ text: 'select 1' });
    },
    poolState: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => {
      closing ??= closePool();
      return closing;
    },
  };
}

async function acquire(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (cause) {
    throw new OperationError(
      'unavailable',
      'The database is not available at the moment; try again shortly.',
      {
        cause,
      },
    );
  }
}
