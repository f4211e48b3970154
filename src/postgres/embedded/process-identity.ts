import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Where a pid means something: the machine's boot and, on Linux, the pid namespace. In two containers on one
 * volume the same number names two different processes.
 */
export function currentPidScope(): string {
  if (process.platform !== 'linux') return 'machine';
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
}

/**
 * When the process with this pid started, as an opaque text, or undefined when there is none. Pid and start time
 * together survive the reuse of a pid. A zombie has ended and counts as none: in a container nobody may reap it.
 */
export function processStartTime(pid: number): string | undefined {
  return process.platform === 'linux' ? startTimeFromProc(pid) : startTimeFromPs(pid);
}

function startTimeFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // no such process
  }
  // proc(5): the second field is the command in parentheses and may hold spaces; state is field 3, start time 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? undefined : fields[19];
}

function startTimeFromPs(pid: number): string | undefined {
  const line = askPs(pid, 'stat=,lstart=');
  if (line === undefined || line.startsWith('Z')) return undefined;
  return line.slice(line.indexOf(' ')).trim();
}

export function isProcessAlive(pid: number): boolean {
  return processStartTime(pid) !== undefined;
}

/** The command line of a process, words separated by single spaces, or undefined when there is none. */
export function processCommandLine(pid: number): string | undefined {
  if (process.platform !== 'linux') return askPs(pid, 'command=');
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return undefined; // no such process
  }
}

function askPs(pid: number, columns: string): string | undefined {
  try {
    const output = execFileSync('ps', ['-o', columns, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return output.trim() || undefined;
  } catch {
    return undefined; // ps exits with 1 when no process matches
  }
}
