import pg from 'pg';
import type { Logger } from '../observability/logger.ts';
import type { OrganizationContext } from '../operations/context.ts';
import { OperationError } from '../operations/operation-error.ts';
import { prepareConnection } from './connection-setup.ts';
import { Session, type StatementObserver } from './session.ts';
import type { SqlConnection } from './sql-connection.ts';
import { translateSqlError } from './sql-error.ts';
import { typeParsers } from './type-parsers.ts';

export interface PointReadsOptions extends StatementObserver {
  readonly url: string;
  readonly logger?: Logger;
  readonly connectTimeoutMs?: number;
}

/** Look-ups that an index answers at once, sharing a connection of their own. */
export interface PointReads {
  readonly read: <Result>(
    context: OrganizationContext,
    work: (connection: SqlConnection) => Promise<Result>,
  ) => Promise<Result>;
  readonly close: () => Promise<void>;
}

/** One slow look-up would hold up all others. */
const statementTimeoutMs = 5_000;

interface Lane {
  readonly session: Session;
  /** The organization of the binding that was sent last, and when it is known to hold. */
  organizationId: string | null;
  bound: Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Provisioning clients ask in bursts, and a look-up by key takes the database less time than the message that carries
 * it. So requests do not wait for a connection of their own: all of them travel one behind the other on a shared one, and
 * what is asked in one turn of the event loop leaves in one write. Each statement is a transaction of
 * its own, and the binding to its organization travels in front of it whenever it differs from the one before.
 */
export function openPointReads(options: PointReadsOptions): PointReads {
  let lane: Promise<Lane> | null = null;

  const open = (): Promise<Lane> => {
    const opening = openLane(options);
    lane = opening;
    opening.catch(() => {
      if (lane === opening) lane = null;
    });
    return opening;
  };
  const usable = async (): Promise<Lane> => {
    const known = lane;
    if (known === null) return open();
    const present = await known;
    if (!present.session.isBroken) return present;
    // The first to notice replaces it; the others find the new one.
    if (lane === known) {
      void present.close();
      return open();
    }
    return usable();
  };

  return {
    read: async (context, work) => {
      try {
        const present = await usable();
        const bound = bindLane(present, context.organizationId);
        const [, result] = await Promise.all([bound, work(connectionOf(present.session, context))]);
        return result;
      } catch (error) {
        throw translateSqlError(error);
      }
    },
    close: async () => {
      const present = await lane?.catch(() => null);
      await present?.close();
    },
  };
}

/**
 * Whoever follows a binding on the lane relies on it, so everybody waits for the one that was sent before its own
 * statement: without it a look-up would find nothing and that would pass for an answer.
 */
function bindLane(lane: Lane, organizationId: string): Promise<void> {
  if (lane.organizationId === organizationId) return lane.bound;
  lane.organizationId = organizationId;
  const statement = {
    name: 'bind_organization',
    text: `select set_config('app.organization_id', $1, false)`,
    values: [organizationId],
  };
  lane.bound = lane.session.run(statement).then(
    () => undefined,
    (error: unknown) => {
      lane.session.giveUp();
      throw error;
    },
  );
  return lane.bound;
}

/** The binding is on its way already: what the work sends follows it. */
function connectionOf(session: Session, context: OrganizationContext): SqlConnection {
  return {
    context,
    // The rows have the shape that the statement's author gave them.
    rows: async <Row>(statement: Parameters<Session['run']>[0]) =>
      (await session.run(statement)).rows as Row[],
    execute: () => {
      throw new Error('A look-up does not write');
    },
  };
}

async function openLane(options: PointReadsOptions): Promise<Lane> {
  const { url, logger, connectTimeoutMs = 5_000 } = options;
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    keepAlive: true,
    pipeline: true,
    application_name: 'rollcall look-ups',
    types: typeParsers,
  });
  client.on('error', (error) => {
    session.giveUp();
    logger?.warn({ err: error }, 'a database connection was lost');
  });
  const session = new Session(client, options);
  try {
    await client.connect();
    await prepareConnection(client, statementTimeoutMs, logger);
  } catch (cause) {
    await client.end().catch(() => undefined);
    const detail = 'The database is not available at the moment; try again shortly.';
    throw new OperationError('unavailable', detail, { cause });
  }
  return {
    session,
    organizationId: null,
    bound: Promise.resolve(),
    close: () => client.end().catch(() => undefined),
  };
}
