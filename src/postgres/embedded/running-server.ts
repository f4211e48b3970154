import pg from 'pg';
import { OWNER } from './cluster.ts';
import { openDataDirectory, readOrCreatePassword, readRememberedPort } from './data-directory.ts';

/**
 * Connection URL of the embedded database that a running server has started on this data directory, or null when none
 * answers there. The password is that of the data directory, so no other server on the port can be taken for it.
 */
export async function findRunningServer(dataDir: string): Promise<string | null> {
  const directory = await openDataDirectory(dataDir);
  const port = await readRememberedPort(directory);
  if (port === undefined) return null;
  const password = await readOrCreatePassword(directory);
  const url = `postgres://${OWNER}:${encodeURIComponent(password)}@127.0.0.1:${port}/rollcall`;
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return url;
  } catch {
    return null;
  } finally {
    await client.end().catch(() => undefined);
  }
}
