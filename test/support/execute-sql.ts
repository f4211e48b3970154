import pg from 'pg';

/** One statement as the owner of the database, past row-level security; for states that time alone brings about. */
export async function executeSql(databaseUrl: string, text: string, values: unknown[] = []): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(text, values);
  } finally {
    await client.end();
  }
}
