import { makeMigrationSource } from './src/postgres/migration-source.ts';

// For the knex command line. The server migrates by itself at start, or by `npm run migrate`.
export default {
  client: 'pg',
  connection: process.env['DATABASE_URL'] ?? '',
  migrations: { migrationSource: makeMigrationSource() },
};
