import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedServerError, systemErrorCode } from './embedded-server-error.ts';
import { currentPidScope, processStartTime } from './process-identity.ts';

const HEARTBEAT_MS = 1_000;
const FOREIGN_STALE_AFTER_MS = 3_000;
const POLL_MS = 100;

type Owner = { readonly pid: number; readonly startTime: string; readonly pidScope: string };

export type OwnerLock = { release(): Promise<void> };

/**
 * Takes the data directory for this process, or throws when another live server has it. A lock whose owner ended
 * without releasing it is taken over.
 */
export async function acquireOwnerLock(path: string, dataDir: string): Promise<OwnerLock> {
  const candidate = `${path}.${randomBytes(6).toString('hex')}`;
  const content = JSON.stringify(currentOwner());
  await writeFile(candidate, content, { mode: 0o644, flag: 'wx' });
  try {
    // link(2) fails when the name exists, and publishes a file that is already complete: no reader sees half a lock.
    while (!(await tryLink(candidate, path))) await removeStaleLock(path, dataDir);
  } finally {
    await rm(candidate, { force: true });
  }
  return keepAlive(path, content);
}

function currentOwner(): Owner {
  return { pid: process.pid, startTime: processStartTime(process.pid) ?? '', pidScope: currentPidScope() };
}

async function tryLink(existing: string, name: string): Promise<boolean> {
  try {
    await link(existing, name);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function removeStaleLock(path: string, dataDir: string): Promise<void> {
  const content = await readIfPresent(path);
  if (content === undefined) return; // released this moment
  const owner = readOwner(content);
  if (owner !== undefined && (await isAlive(owner, path))) {
    const other = owner.pid === process.pid ? 'this process' : `another server (pid ${owner.pid})`;
    throw new EmbeddedServerError(
      `${other} is using this data directory ${dataDir}: stop it first, or set DATA_DIR to another directory`,
    );
  }
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  await rename(path, aside).catch(ignoreMissing);
  // Another start may have replaced the stale lock between our look and our rename: that one goes back.
  const moved = await readIfPresent(aside);
  if (moved !== undefined && moved !== content) await tryLink(aside, path);
  await rm(aside, { force: true });
}

async function isAlive(owner: Owner, path: string): Promise<boolean> {
  if (owner.pidScope === currentPidScope()) return processStartTime(owner.pid) === owner.startTime;
  // Another container, or before the last boot: the pid says nothing here, but a live owner touches its lock.
  const seen = await modifiedAt(path);
  if (seen === undefined) return false;
  const staleAt = Math.min(seen, Date.now()) + FOREIGN_STALE_AFTER_MS;
  while (Date.now() < staleAt) {
    await sleep(POLL_MS);
    const now = await modifiedAt(path);
    if (now !== seen) return now !== undefined;
  }
  return false;
}

function keepAlive(path: string, content: string): OwnerLock {
  const heartbeat = setInterval(() => {
    const now = new Date();
    // Without a beat only a server in another container could mistake us for gone; the next beat tries again.
    utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    async release() {
      clearInterval(heartbeat);
      if ((await readIfPresent(path)) === content) await rm(path, { force: true });
    },
  };
}

function readOwner(content: string): Owner | undefined {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return undefined; // cut off by a crash of the machine, so its owner is gone too
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('pid' in value && 'startTime' in value && 'pidScope' in value)) return undefined;
  const { pid, startTime, pidScope } = value;
  if (typeof pid !== 'number' || typeof startTime !== 'string' || typeof pidScope !== 'string')
    return undefined;
  return { pid, startTime, pidScope };
}

async function modifiedAt(path: string): Promise<number | undefined> {
  return stat(path).then(
    (found) => found.mtimeMs,
    () => undefined,
  );
}

async function readIfPresent(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(ignoreMissing);
}

function ignoreMissing(error: unknown): undefined {
  if (systemErrorCode(error) === 'ENOENT') return undefined;
  throw error;
}
