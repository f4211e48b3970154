import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { openDataDirectory } from '../../src/postgres/embedded/data-directory.ts';
import { bringUp, ownerUrl, prepareSite } from '../../src/postgres/embedded/site.ts';
import { currentRun, inTurn, type TestRun } from './test-run.ts';

export type TestDatabase = {
  readonly url: string;
  /** Also ends the connections that are still open. */
  drop(): Promise<void>;
};

/** What a new database starts with. Prepared once for each run and name, then cloned. */
export type DatabaseTemplate = {
  readonly name: string;
  prepare(url: string): Promise<void>;
};

/** The schema as the latest migration leaves it. */
const migratedTemplate: DatabaseTemplate = {
  name: 'migrated',
  async prepare(url) {
    // Imported late: a test of something else must not fail for a fault in the migrations.
    const { migrateToLatest } = await import('../../src/postgres/migrate.ts');
    await migrateToLatest(url);
  },
};

/** Nothing at all, for tests of the migrations themselves. */
export const emptyTemplate: DatabaseTemplate = { name: 'empty', prepare: () => Promise.resolve() };

/**
 * Creates a database for one test file. It lives on the throw-away server of the test run, or on the server named by
 * TEST_DATABASE_URL, whose user must be allowed to create databases.
 */
export async function createTestDatabase(
  template: DatabaseTemplate = migratedTemplate,
): Promise<TestDatabase> {
  const run = await currentRun();
  const adminUrl = await inTurn(run, () => openCluster(run));
  const source = `${run.databasePrefix}_template_${template.name}`;
  await inTurn(run, () => ensureTemplate(adminUrl, source, template));
  const name = `${run.databasePrefix}_${randomBytes(6).toString('hex')}`;
  await administer(adminUrl, [`create database ${name} template ${source}`]);
  return {
    url: urlOf(adminUrl, name),
    drop: () => administer(adminUrl, [`drop database if exists ${name} with (force)`]),
  };
}

/** URL of the server's maintenance database. Starts the server when this is the first call of the run. */
async function openCluster({ directory }: TestRun): Promise<string> {
  const external = process.env.TEST_DATABASE_URL;
  if (external !== undefined) return external;
  const urlFile = join(directory, 'server-url');
  const known = await readFile(urlFile, 'utf8').catch(() => undefined);
  if (known !== undefined) return known;
  const log = { info: () => undefined, warn: () => undefined };
  const site = await prepareSite(await openDataDirectory(directory), { disposable: true, log });
  const { port } = await bringUp(site);
  const url = ownerUrl(site, port, 'postgres');
  await writeFile(`${urlFile}.draft`, url, { mode: 0o600 });
  await rename(`${urlFile}.draft`, urlFile);
  return url;
}

/** The template gets its name only when it is complete, so that a failed preparation is tried again by the next file. */
async function ensureTemplate(adminUrl: string, name: string, template: DatabaseTemplate): Promise<void> {
  if (await databaseExists(adminUrl, name)) return;
  const draft = `${name}_draft`;
  await administer(adminUrl, [`drop database if exists ${draft} with (force)`, `create database ${draft}`]);
  try {
    await template.prepare(urlOf(adminUrl, draft));
  } catch (cause) {
    throw new Error(`The test database template ${template.name} could not be prepared`, { cause });
  }
  // A template with an open connection cannot be cloned; a preparation may have closed its last one this moment.
  await administer(adminUrl, [
    `alter database ${draft} with allow_connections false`,
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${draft}'`,
    `alter database ${draft} rename to ${name}`,
  ]);
}

async function databaseExists(adminUrl: string, name: string): Promise<boolean> {
  return withClient(adminUrl, async (client) => {
    const found = await client.query('select 1 from pg_catalog.pg_database where datname = $1', [name]);
    return found.rowCount === 1;
  });
}

async function administer(adminUrl: string, statements: readonly string[]): Promise<void> {
  await withClient(adminUrl, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}

async function withClient<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // a lost connection also fails the statement that needed it
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
}
