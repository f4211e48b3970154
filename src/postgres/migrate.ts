import knex, { type Knex } from 'knex';
import pg from 'pg';
import type { Database } from './database.ts';
import { DatabaseSetupError } from './database-setup-error.ts';
import { makeMigrationSource } from './migration-source.ts';
import { refuseUnusableServer, refuseWithoutRights } from './setup-checks.ts';
import { explainConnectFailure } from './setup-failure.ts';

/** Any two servers that migrate the same database meet at this advisory lock. */
const migrationLock = 7_305_201_114;
const connectTimeoutMs = 10_000;
const ignore = (): void => undefined;

/**
 * Brings the schema up to date; a second server that starts at the same moment waits for the first. Throws
 * DatabaseSetupError with one line that says what to do.
 */
export async function migrateToLatest(url: string, directory?: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs });
  // A connection lost between two statements is reported by the next one.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw explainConnectFailure(error, url);
  }
  try {
    await refuseUnusableServer(client);
    await client.query(`set statement_timeout = 0; select pg_advisory_lock(${migrationLock})`);
    await migrateUnderLock(client, url, makeMigrationSource(directory));
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether the database has every migration of this release; it may have more. */
export async function isMigrated(database: Database, directory?: string): Promise<boolean> {
  const known = await makeMigrationSource(directory).getMigrations([]);
  const rows = await database.systemRows<{ name: string }>({ text: 'select name from knex_migrations' });
  const applied = new Set(rows.map((row) => row.name));
  return known.every((name) => applied.has(name));
}

async function migrateUnderLock(
  client: pg.Client,
  url: string,
  source: Knex.MigrationSource<string>,
): Promise<void> {
  const pending = await pendingMigrations(client, source);
  await refuseWithoutRights(client, pending.length > 0);
  if (pending.length === 0) return;
  const migrator = knex({
    client: 'pg',
    connection: { connectionString: url, statement_timeout: 0 },
    pool: { min: 0, max: 1 },
    migrations: { migrationSource: source },
    // It would print what the caller is told anyway.
    log: { warn: ignore, error: ignore, deprecate: ignore, debug: ignore },
  });
  try {
    await migrator.migrate.latest();
    await migrator.raw('grant select on knex_migrations to rollcall_app');
  } catch (cause) {
    throw new DatabaseSetupError(`The database could not be migrated: ${firstLine(cause)}`, { cause });
  } finally {
    await migrator.destroy();
  }
}

/** Names of the migrations that the database does not have yet, in order. */
async function pendingMigrations(
  client: pg.Client,
  source: Knex.MigrationSource<string>,
): Promise<readonly string[]> {
  const known = await source.getMigrations([]);
  const { rows: tables } = await client.query<{ table: string | null }>(
    `select to_regclass('knex_migrations')::text as "table"`,
  );
  if (tables[0]?.table == null) return known;
  const { rows } = await client.query<{ name: string }>('select name from knex_migrations');
  const applied = new Set(rows.map((row) => row.name));
  const foreign = [...applied].filter((name) => !known.includes(name));
  if (foreign.length > 0) {
    throw new DatabaseSetupError(
      `The database was migrated by a newer release (${foreign.join(', ')}): start that release, or restore a backup made before it`,
    );
  }
  return known.filter((name) => !applied.has(name));
}

const firstLine = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error);
  // knex puts the whole statement before the reason.
  return (
    message
      .slice(message.lastIndexOf(' - ') + 1)
      .split('\n')[0]
      ?.replace(/^- /, '') ?? ''
  );
};
