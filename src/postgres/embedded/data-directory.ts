import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { explainFileError, systemErrorCode } from './embedded-server-error.ts';

const PASSWORD_BYTES = 32;

/** What the embedded server keeps in the data directory. All paths are absolute and free of symbolic links. */
export type DataDirectory = {
  readonly path: string;
  readonly cluster: string;
  readonly logFile: string;
  readonly lockFile: string;
  readonly portFile: string;
  readonly passwordFile: string;
};

/** Creates the data directory where it is missing. Throws an `EmbeddedServerError` when it cannot be used. */
export async function openDataDirectory(dataDir: string): Promise<DataDirectory> {
  try {
    await createDirectory(dataDir, 0o755);
    const path = await realpath(dataDir);
    await createDirectory(join(path, 'secrets'), 0o700);
    await chmod(join(path, 'secrets'), 0o700);
    await createDirectory(join(path, 'postgres-log'), 0o700);
    return {
      path,
      cluster: join(path, 'postgres'),
      logFile: join(path, 'postgres-log', 'postgres.log'),
      lockFile: join(path, 'server.lock'),
      portFile: join(path, 'postgres-port'),
      passwordFile: join(path, 'secrets', 'database-password'),
    };
  } catch (error) {
    throw explainFileError(error, failedPath(error) ?? dataDir);
  }
}

/** Reads the password of the database owner, or makes a new one when there is none. */
export async function readOrCreatePassword({ passwordFile }: DataDirectory): Promise<string> {
  const known = (await readIfPresent(passwordFile))?.trim();
  if (known) {
    await chmod(passwordFile, 0o600);
    return known;
  }
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  await writeDurably(passwordFile, `${password}\n`, 0o600);
  return password;
}

export async function readRememberedPort({ portFile }: DataDirectory): Promise<number | undefined> {
  const port = Number(await readIfPresent(portFile));
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

export async function rememberPort({ portFile }: DataDirectory, port: number): Promise<void> {
  await writeDurably(portFile, `${port}\n`, 0o644);
}

/**
 * Gives what root creates to the owner of the directory around it: started once with sudo, the data directory stays
 * usable for the ordinary user it belongs to.
 */
export async function giveToOwnerOfParent(path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(dirname(path));
  if (uid !== 0) await chown(path, uid, gid);
}

/** Makes renames and new names in this directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function createDirectory(path: string, mode: number): Promise<void> {
  if (!(await makeDirectory(path, mode))) return;
  await chmod(path, mode); // the umask may have taken away what the database user needs
  await giveToOwnerOfParent(path);
}

/**
 * Returns whether it made the directory. Makes missing parents by itself: Node's `recursive` never returns where a
 * file system answers ENOENT below an existing directory, as /proc does.
 */
async function makeDirectory(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
    return true;
  } catch (error) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true) return false;
    if (systemErrorCode(error) !== 'ENOENT' || (await stat(dirname(path)).catch(() => undefined)))
      throw error;
  }
  await createDirectory(dirname(path), 0o755);
  return makeDirectory(path, mode);
}

async function writeDurably(path: string, content: string, mode: number): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(draft, 'wx', mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await giveToOwnerOfParent(draft);
    await rename(draft, path);
    await syncDirectory(dirname(path));
  } finally {
    await rm(draft, { force: true });
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export function failedPath(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('path' in error)) return undefined;
  return typeof error.path === 'string' ? error.path : undefined;
}
