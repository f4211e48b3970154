import type pg from 'pg';
import type { Logger } from '../observability/logger.ts';

const idleInTransactionMs = 60_000;

/**
 * Every connection acts as the role that owns nothing and does not bypass row-level security, whoever logged in, and
 * has its own settings, whatever the server's or the database's are.
 */
export async function prepareConnection(
  client: pg.ClientBase,
  statementTimeoutMs: number,
  logger: Logger | undefined,
): Promise<void> {
  // While it is taken out of the pool nobody else listens, and an unheard error event ends the process.
  client.on('error', (error) => logger?.warn({ err: error }, 'a database connection was lost'));
  await client.query(
    [
      'set role rollcall_app',
      `set statement_timeout = ${statementTimeoutMs}`,
      `set idle_in_transaction_session_timeout = ${idleInTransactionMs}`,
      `set time zone 'UTC'`,
      `set datestyle = 'ISO, YMD'`,
      // Short statements: compiling them costs more than it saves.
      'set jit = off',
      // Planning costs more than running, so statements are planned once and the plan outlives the size of the tables
      // it was made for. One that reads whole tables suits a small organization and ruins a large one; every access
      // that matters has an index.
      'set plan_cache_mode = force_generic_plan',
      'set enable_seqscan = off',
      'set enable_mergejoin = off',
    ].join('; '),
  );
}
