import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { lstat, stat } from 'node:fs/promises';
import type { PostgresBinaries } from './binaries.ts';
import { EmbeddedServerError } from './embedded-server-error.ts';
import { installReadableCopy } from './readable-copy.ts';

type Account = { readonly uid: number; readonly gid: number };

/** How to start a PostgreSQL program: PostgreSQL refuses to run as root, so root has to become somebody else. */
export type RunAs = {
  readonly binaries: PostgresBinaries;
  /** Absent: as the user of this process. */
  readonly account: Account | undefined;
  /** Words in front of the program. */
  readonly prefix: readonly string[];
};

const PROBE_TIMEOUT_MS = 20_000;

/** Every program gets this environment: not ours, which may hold keys, and no PG* setting of the machine. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
};

/** Decides which user runs PostgreSQL on this data directory and proves that this user can. */
export async function chooseRunAs(
  dataDir: string,
  clusterDir: string,
  installed: PostgresBinaries,
): Promise<RunAs> {
  const account = process.getuid?.() === 0 ? await chooseAccount(dataDir, clusterDir) : undefined;
  const plain: RunAs = { binaries: installed, account, prefix: [] };
  const binaries = account === undefined || canRun(plain) ? installed : await installReadableCopy(installed);
  const runAs = { ...plain, binaries };
  proveItRuns(runAs);
  return account === undefined || canEnter(runAs, dataDir) ? runAs : withSearchCapability(runAs, dataDir);
}

/** The command line for a program under `runAs`, with the options `spawn` needs. */
export function commandFor(runAs: RunAs, program: string, args: readonly string[]) {
  const [command = program, ...rest] = [...runAs.prefix, program, ...args];
  const identity = runAs.prefix.length === 0 ? runAs.account : undefined;
  // Our own working directory may be one the account cannot enter.
  return { command, args: rest, options: { ...identity, cwd: '/', env: ENVIRONMENT } };
}

/**
 * Whoever owns the cluster keeps it, so that starting once with sudo does not lock the ordinary user out. A new cluster
 * goes to the owner of the data directory, and to the system user `postgres` when that is root.
 */
async function chooseAccount(dataDir: string, clusterDir: string): Promise<Account> {
  for (const path of [clusterDir, dataDir]) {
    const owner = await lstat(path).catch(() => undefined);
    if (owner === undefined || owner.uid === 0) continue;
    if (path === clusterDir || hasName(owner.uid)) return { uid: owner.uid, gid: owner.gid };
  }
  const account =
    findAccount('postgres') ?? findAccount('_postgres') ?? createAccount() ?? findAccount('nobody');
  if (account !== undefined) return account;
  throw new EmbeddedServerError(
    'PostgreSQL does not run as root and no user for it could be created: create a system user named postgres, or start the server as an ordinary user',
  );
}

/** initdb insists on a name for its user id. */
function hasName(uid: number): boolean {
  return ask('id', ['-un', String(uid)]) !== undefined;
}

function findAccount(name: string): Account | undefined {
  const uid = ask('id', ['-u', name]);
  const gid = ask('id', ['-g', name]);
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

function createAccount(): Account | undefined {
  const options = [
    '--system',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
  ];
  const created =
    ask('useradd', [...options, '--user-group', 'postgres']) ??
    ask('useradd', [...options, '--gid', 'postgres', 'postgres']);
  return created === undefined ? undefined : findAccount('postgres');
}

function ask(command: string, args: readonly string[]): string | undefined {
  try {
    const options = { encoding: 'utf8', stdio: 'pipe', timeout: PROBE_TIMEOUT_MS, env: ENVIRONMENT } as const;
    return execFileSync(command, args, options).trim();
  } catch {
    return undefined; // the program is missing or says no; the caller has another way
  }
}

function probe(runAs: RunAs, program: string, args: readonly string[]): SpawnSyncReturns<string> {
  const { command, args: words, options } = commandFor(runAs, program, args);
  return spawnSync(command, words, { ...options, encoding: 'utf8', timeout: PROBE_TIMEOUT_MS });
}

function canRun(runAs: RunAs): boolean {
  // initdb looks for its neighbour postgres by name and permission: the part a closed home directory breaks first.
  return [runAs.binaries.postgres, runAs.binaries.initdb].every(
    (path) => probe(runAs, path, ['--version']).status === 0,
  );
}

function canEnter(runAs: RunAs, directory: string): boolean {
  return probe(runAs, '/bin/sh', ['-c', 'cd "$1"', 'sh', directory]).status === 0;
}

function proveItRuns(runAs: RunAs): void {
  const result = probe(runAs, runAs.binaries.postgres, ['--version']);
  if (result.status === 0) return;
  const reason = result.error?.message ?? result.stderr.trim();
  throw new EmbeddedServerError(
    `The embedded database does not run on this system (${reason}): use a Linux with glibc, for example Debian or Ubuntu, not Alpine, or set DATABASE_URL to a PostgreSQL server (14 or later)`,
  );
}

/**
 * The data directory lies behind a directory only root may enter, for example a clone under /root. Its permissions are
 * not ours to loosen; instead PostgreSQL gets the one capability to pass. Containers often grant only the second.
 */
async function withSearchCapability(runAs: RunAs, dataDir: string): Promise<RunAs> {
  for (const capability of ['dac_read_search', 'dac_override']) {
    const capable = { ...runAs, prefix: setprivPrefix(runAs, capability) };
    if (canEnter(capable, dataDir)) return capable;
  }
  const { uid } = await stat(dataDir);
  throw new EmbeddedServerError(
    `PostgreSQL does not run as root, and the user it runs as (uid ${runAs.account?.uid ?? uid}) cannot reach ${dataDir}: set DATA_DIR to a directory every user can reach, for example /var/lib/rollcall, or start the server as an ordinary user`,
  );
}

function setprivPrefix({ account }: RunAs, capability: string): readonly string[] {
  if (account === undefined) return [];
  const only = `-all,+${capability}`;
  return [
    'setpriv',
    `--reuid=${account.uid}`,
    `--regid=${account.gid}`,
    '--clear-groups',
    `--inh-caps=${only}`,
    `--ambient-caps=${only}`,
    `--bounding-set=${only}`,
    '--no-new-privs',
  ];
}
