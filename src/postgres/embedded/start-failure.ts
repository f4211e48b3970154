import { EmbeddedServerError } from './embedded-server-error.ts';

/** Why PostgreSQL did not start: reasons worth another try, or the sentence for the operator. */
export type StartFailure =
  | { readonly kind: 'port-taken' }
  | { readonly kind: 'predecessor-ending' }
  | { readonly kind: 'fatal'; readonly error: EmbeddedServerError };

/** Reads the reason out of what PostgreSQL wrote to its log while starting. */
export function readStartFailure(log: string, dataDir: string, logFile: string): StartFailure {
  if (/Address already in use|could not create any TCP\/IP sockets/.test(log)) return { kind: 'port-taken' };
  if (/pre-existing shared memory block/.test(log)) return { kind: 'predecessor-ending' };
  return { kind: 'fatal', error: explainLog(log, dataDir, logFile) };
}

/** The sentence for the operator behind the messages of PostgreSQL. */
export function explainLog(log: string, dataDir: string, logFile: string): EmbeddedServerError {
  return new EmbeddedServerError(fatalSentence(log, dataDir, logFile));
}

/** The second form is how PostgreSQL reports a write that was cut short by a full disk. */
export function isDiskFull(output: string): boolean {
  return /No space left on device|wrote only \d+ of \d+ bytes|Disk quota exceeded/.test(output);
}

function fatalSentence(log: string, dataDir: string, logFile: string): string {
  if (isDiskFull(log)) {
    return `No space is left for the database in ${dataDir}: free some space, then start again`;
  }
  if (/could not map anonymous shared memory|Cannot allocate memory/.test(log)) {
    return `There is not enough memory for the embedded database: free some, or lower shared_buffers in ${dataDir}/postgres/postgresql.conf`;
  }
  if (/Permission denied|has wrong ownership|has invalid permissions/.test(log)) {
    return `PostgreSQL may not use its files in ${dataDir}/postgres (${lastReason(log)}): give them back to the user that runs the server, mode 0700`;
  }
  if (/lock file "postmaster.pid" already exists/.test(log)) {
    return `Another PostgreSQL process is using ${dataDir}/postgres (${lastReason(log)}): stop it, then start again`;
  }
  return `The embedded database did not start (${lastReason(log)}): the whole story is in ${logFile}`;
}

/** The last FATAL or PANIC message, without its time stamp. */
function lastReason(log: string): string {
  const lines = log.trim().split('\n');
  const reason = lines.findLast((line) => /(FATAL|PANIC|ERROR):/.test(line)) ?? lines.at(-1) ?? '';
  return reason.replace(/^.*?(FATAL|PANIC|ERROR):\s*/, '').trim();
}
