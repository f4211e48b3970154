import { randomBytes } from 'node:crypto';
import { chmod, cp, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { binariesAt, type PostgresBinaries } from './binaries.ts';
import { EmbeddedServerError } from './embedded-server-error.ts';

/** Only root writes here and every user reads. Never a directory like /tmp, where anybody could plant programs. */
const SYSTEM_DIRECTORY = '/var/lib/rollcall';

/**
 * Puts a copy of the binaries where every user can run them, once for each version. Needed for root alone, when the
 * installation lies behind a directory that only root may enter: PostgreSQL checks access to its own program file in
 * a way no capability opens.
 */
export async function installReadableCopy(installed: PostgresBinaries): Promise<PostgresBinaries> {
  const target = join(SYSTEM_DIRECTORY, `postgresql-${installed.version}-${process.arch}`);
  const draft = `${target}.${randomBytes(6).toString('hex')}`;
  try {
    if (await isOwnedByRoot(target)) return binariesAt(target, installed.version);
    await mkdir(SYSTEM_DIRECTORY, { recursive: true });
    await chmod(SYSTEM_DIRECTORY, 0o755);
    await cp(installed.directory, draft, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith('.a'),
    });
    await openToAll(draft);
    await rename(draft, target).catch(async (error: unknown) => {
      if (!(await isOwnedByRoot(target))) throw error; // otherwise another start was faster
    });
    return binariesAt(target, installed.version);
  } catch (cause) {
    throw new EmbeddedServerError(
      `PostgreSQL does not run as root, and no other user can reach ${installed.directory}: move the installation to a directory every user can reach, for example /opt/rollcall, or start the server as an ordinary user`,
      { cause },
    );
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function isOwnedByRoot(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === 0;
}

async function openToAll(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const { mode } = await lstat(path);
    await chmod(path, entry.isDirectory() || (mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}
