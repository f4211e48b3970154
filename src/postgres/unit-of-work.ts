import type { OrganizationContext } from '../operations/context.ts';
import { Finishing } from '../operations/finishing.ts';
import type { ConfigurationLock, Stores, UnitOfWork } from '../operations/ports.ts';
import type { Database } from './database.ts';
import type { PointReads } from './point-reads.ts';
import type { Session } from './session.ts';
import type { SqlConnection } from './sql-connection.ts';
import { isWorthRetrying, translateSqlError } from './sql-error.ts';

export type MakeStores = (connection: SqlConnection) => Stores;

const maxRetries = 3;

/** The only opener of transactions and the only place where a connection is bound to an organization. */
export function makeUnitOfWork(
  database: Database,
  makeStores: MakeStores,
  pointReads?: PointReads,
): UnitOfWork {
  const read: UnitOfWork['read'] = (context, work) =>
    withBoundConnection(database, context, (connection) => work(makeStores(connection)));
  return {
    read,
    lookUp: pointReads
      ? (context, work) => pointReads.read(context, (connection) => work(makeStores(connection)))
      : read,
    write: <Result>(
      context: OrganizationContext,
      configuration: ConfigurationLock,
      work: (stores: Stores) => Promise<Result | Finishing<Result>>,
    ): Promise<Result> =>
      retrying(() =>
        database.withSession((session) =>
          inTransaction<Result>(session, context, configuration, (connection) =>
            work(makeStores(connection)),
          ),
        ),
      ),
    writeOnce: (context, work) =>
      retrying(() =>
        database.withSession(async (session) => {
          await session.bind(context.organizationId);
          return useConnection(session, context, (connection) => work(makeStores(once(connection))));
        }),
      ),
  };
}

async function retrying<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= maxRetries || !isWorthRetrying(error)) throw translateSqlError(error);
      await pause(attempt);
    }
  }
}

/** A second statement would be a transaction of its own, so it is refused instead of tearing the work apart. */
function once(connection: SqlConnection): SqlConnection {
  let isUsed = false;
  const use = (): void => {
    if (isUsed) throw new Error('What is written once is one statement');
    isUsed = true;
  };
  return {
    context: connection.context,
    rows: (statement) => {
      use();
      return connection.rows(statement);
    },
    execute: (statement) => {
      use();
      return connection.execute(statement);
    },
  };
}

/** Runs single statements inside an organization, each a transaction of its own. */
export async function withBoundConnection<Result>(
  database: Database,
  context: OrganizationContext,
  work: (connection: SqlConnection) => Promise<Result>,
): Promise<Result> {
  try {
    return await database.withSession(async (session) => {
      await session.bind(context.organizationId);
      return await useConnection(session, context, work);
    });
  } catch (error) {
    throw translateSqlError(error);
  }
}

async function inTransaction<Result>(
  session: Session,
  context: OrganizationContext,
  configuration: ConfigurationLock,
  work: (connection: SqlConnection) => Promise<Result | Finishing<Result>>,
): Promise<Result> {
  const { organizationId } = context;
  // Not waited for: the first statements of the work travel with it, and fail when it fails.
  const begun = session.begin(organizationId, configuration);
  try {
    const outcome = await useConnection(session, context, work);
    const [result, pending] =
      outcome instanceof Finishing ? [outcome.result, outcome.pending] : [outcome, null];
    await firstFailure([begun, pending, session.commit(organizationId)]);
    return result;
  } catch (error) {
    const beginFailure = await begun.then(
      () => null,
      (failure: unknown) => failure,
    );
    await session.rollback();
    throw beginFailure ?? error;
  }
}

/** Hands out the connection for the time of `work` and not longer. */
async function useConnection<Result>(
  session: Session,
  context: OrganizationContext,
  work: (connection: SqlConnection) => Promise<Result>,
): Promise<Result> {
  let isOver = false;
  const run: Session['run'] = (statement) => {
    if (isOver) throw new Error('The unit of work is over; its stores cannot be used any more');
    return session.run(statement);
  };
  try {
    return await work({
      context,
      // The rows have the shape that the statement's author gave them.
      rows: async <Row>(statement: Parameters<typeof run>[0]) => (await run(statement)).rows as Row[],
      execute: async (statement) => (await run(statement)).rowCount ?? 0,
    });
  } finally {
    isOver = true;
  }
}

/** Waits for all; what was sent first is the cause of what failed after it. */
async function firstFailure(sent: readonly (Promise<unknown> | null)[]): Promise<void> {
  for (const outcome of await Promise.allSettled(sent)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}

/** Two that got into each other's way must not meet again at once. */
const pause = (attempt: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, Math.random() * 10 * 2 ** attempt);
  });
