import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chown,
  lchown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncDirectory } from './data-directory.ts';
import { EmbeddedServerError, systemErrorCode } from './embedded-server-error.ts';
import { commandFor, type RunAs } from './run-as.ts';
import { isDiskFull } from './start-failure.ts';

/** The role that owns the cluster and the database; also the name of the database. */
export const OWNER = 'rollcall';

/** Defaults for a small server, written to postgresql.conf once so that an operator can change them there. */
const CONFIGURATION: Readonly<Record<string, string>> = {
  max_connections: '100',
  shared_buffers: '128MB',
  jit: 'off',
  // Short statements only: workers would cost processes and need /dev/shm, which containers limit to 64 MB.
  max_parallel_workers_per_gather: '0',
  max_parallel_maintenance_workers: '0',
  // A first push fills empty tables by the thousand; plans made for empty ones must not last a minute.
  autovacuum_naptime: '5s',
  io_method: 'sync',
  random_page_cost: '1.1',
  // While much is written, a commit waits for what others have written before it: little of that is left to write.
  wal_writer_delay: '10ms',
  // As with segments of the usual size.
  min_wal_size: '80MB',
  max_wal_size: '1GB',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

export type ClusterOptions = {
  readonly clusterDir: string;
  readonly runAs: RunAs;
  readonly password: string;
  /** A throw-away cluster: do not wait for the disk. */
  readonly disposable?: boolean;
};

/** Creates the cluster where there is none and checks the one that is there. */
export async function ensureCluster(options: ClusterOptions): Promise<void> {
  const { clusterDir, runAs } = options;
  await removeDrafts(clusterDir);
  if (await isMissing(clusterDir)) {
    await createCluster(options);
    return;
  }
  const major = (await readFile(join(clusterDir, 'PG_VERSION'), 'utf8').catch(() => '')).trim();
  if (major === '') {
    throw new EmbeddedServerError(
      `${clusterDir} holds files but no database cluster: move it away, or set DATA_DIR to another directory`,
    );
  }
  if (major !== runAs.binaries.majorVersion) {
    throw new EmbeddedServerError(
      `${clusterDir} was written by PostgreSQL ${major}, this release runs PostgreSQL ${runAs.binaries.majorVersion}: export it with the release that wrote it (pg_dump) and import it into a new DATA_DIR`,
    );
  }
  await ensureOwner(clusterDir, runAs);
}

async function isMissing(clusterDir: string): Promise<boolean> {
  try {
    await rmdir(clusterDir); // succeeds on an empty directory only
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return true;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

/** The cluster gets its name only when it is complete: an interrupted initdb leaves a draft, which the next start removes. */
async function createCluster({
  clusterDir,
  runAs,
  password,
  disposable = false,
}: ClusterOptions): Promise<void> {
  const draft = `${clusterDir}.initializing-${randomBytes(6).toString('hex')}`;
  const passwordFile = `${draft}.password`;
  try {
    await mkdir(draft, { mode: 0o700 });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
    if (runAs.account !== undefined) {
      await chown(draft, runAs.account.uid, runAs.account.gid);
      await chown(passwordFile, runAs.account.uid, runAs.account.gid);
    }
    await runInitdb(runAs, draft, passwordFile, disposable);
    await rename(draft, clusterDir);
    if (!disposable) await syncDirectory(dirname(clusterDir));
  } finally {
    await rm(passwordFile, { force: true });
    await rm(draft, { recursive: true, force: true });
  }
}

async function runInitdb(
  runAs: RunAs,
  draft: string,
  passwordFile: string,
  disposable: boolean,
): Promise<void> {
  const { code, output } = await runToEnd(runAs, runAs.binaries.initdb, [
    `--pgdata=${draft}`,
    `--username=${OWNER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The same order and the same lower() for every script on every machine, whatever locales are installed.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    // A commit that comes to a new segment waits until all of it is on the disk: a quarter of the usual 16 MB.
    '--wal-segsize=4',
    '--no-instructions',
    ...(disposable ? ['--no-sync'] : []),
    ...Object.entries(CONFIGURATION).map(([name, value]) => `--set=${name}=${value}`),
  ]);
  if (code === 0) return;
  throw new EmbeddedServerError(explainInitdb(output, dirname(draft)));
}

function explainInitdb(output: string, dataDir: string): string {
  if (isDiskFull(output)) {
    return `No space is left for the database in ${dataDir}: free some space, then start again`;
  }
  if (output.includes('could not look up effective user ID')) {
    return `The user id ${process.getuid?.()} has no name on this system, and PostgreSQL insists on one: add the user to /etc/passwd, or set DATABASE_URL to a PostgreSQL server (14 or later)`;
  }
  const reason = output.split('\n').find((line) => line.includes('error:') || line.includes('FATAL:'));
  return `The database cluster in ${dataDir} could not be created (${reason?.trim() ?? output.trim()}): solve that, then start again`;
}

async function removeDrafts(clusterDir: string): Promise<void> {
  const draftPrefix = `${basename(clusterDir)}.initializing-`;
  for (const name of await readdir(dirname(clusterDir))) {
    if (!name.startsWith(draftPrefix)) continue;
    // The initdb that was writing it may still be on its way out.
    await rm(join(dirname(clusterDir), name), {
      recursive: true,
      force: true,
      maxRetries: 20,
      retryDelay: 100,
    });
  }
}

/** PostgreSQL starts only for the owner of its files; a restored backup or a copy by root may have changed them. */
async function ensureOwner(clusterDir: string, { account }: RunAs): Promise<void> {
  const { uid: owner } = await lstat(clusterDir);
  const wanted = account?.uid ?? process.getuid?.();
  if (owner === wanted || wanted === undefined) return;
  if (account === undefined) {
    throw new EmbeddedServerError(
      `${clusterDir} belongs to another user (uid ${owner}): start the server as that user or as root, or run chown -R ${wanted} on the data directory`,
    );
  }
  for (const entry of await readdir(clusterDir, { withFileTypes: true, recursive: true })) {
    await lchown(join(entry.parentPath, entry.name), account.uid, account.gid);
  }
  await chown(clusterDir, account.uid, account.gid); // last, so that an interrupted run starts over
}

/** Sets the owner's password without knowing the old one, by PostgreSQL's single-user mode. The cluster must be stopped. */
export async function resetPassword({ clusterDir, runAs, password }: ClusterOptions): Promise<void> {
  const statement = `ALTER ROLE ${OWNER} PASSWORD '${password.replaceAll("'", "''")}'\n`;
  const args = ['--single', '-D', clusterDir, '-c', 'log_min_error_statement=panic', 'postgres'];
  const { code, output } = await runToEnd(runAs, runAs.binaries.postgres, args, statement);
  if (code === 0 && !/ERROR|FATAL/.test(output)) return;
  throw new EmbeddedServerError(
    `The password of the embedded database is unknown and could not be set anew: restore secrets/database-password in ${dirname(clusterDir)} from a backup`,
  );
}

async function runToEnd(runAs: RunAs, program: string, words: readonly string[], input = '') {
  const { command, args, options } = commandFor(runAs, program, words);
  return new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: 'pipe' });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
    child.stdin.on('error', () => undefined); // it ended early; its exit code and output say why
    child.stdin.end(input);
  });
}
