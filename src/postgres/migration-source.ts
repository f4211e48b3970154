import { readdir } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Knex } from 'knex';

const migrationFile = /^(\d{14}_[a-z0-9_]+)\.(ts|js)$/;

/** `migrations/` beside `src/`: sources in development, compiled files in `dist/`. */
const migrationsDirectory = fileURLToPath(new URL('../../migrations/', import.meta.url));

/** Names carry no extension, so that a database migrated from sources and one migrated from the image agree. */
export function makeMigrationSource(directory: string = migrationsDirectory): Knex.MigrationSource<string> {
  const files = new Map<string, string>();
  return {
    getMigrations: async () => {
      files.clear();
      for (const file of await readdir(directory)) {
        const name = migrationFile.exec(file)?.[1];
        if (name !== undefined) files.set(name, file);
      }
      return [...files.keys()].sort();
    },
    getMigrationName: (name) => name,
    getMigration: async (name) => {
      const file = files.get(name);
      if (file === undefined) throw new Error(`There is no migration ${name} in ${directory}`);
      const module: unknown = await import(pathToFileURL(`${directory}/${file}`).href);
      return readMigration(name, module);
    },
  };
}

function readMigration(name: string, module: unknown): Knex.Migration {
  if (isMigration(module)) return module;
  throw new Error(`Migration ${name} exports no up and down`);
}

function isMigration(module: unknown): module is Knex.Migration {
  if (typeof module !== 'object' || module === null || !('up' in module) || !('down' in module)) return false;
  return typeof module.up === 'function' && typeof module.down === 'function';
}
