import type { Logger } from '../observability/logger.ts';

const QUIET_MS = 30_000;

/**
 * Logs what goes wrong between the jobs. Every worker meets a database that is away at every poll; one line in half a
 * minute, with the number of those left out, says as much.
 */
export function makeErrorReporter(logger: Logger): (cause: unknown) => void {
  let last = { kind: '', at: Number.NEGATIVE_INFINITY };
  let repeats = 0;
  return (cause) => {
    const error = asError(cause);
    const kind = 'code' in error ? String(error.code) : withoutWorker(error.message);
    const now = Date.now();
    if (kind === last.kind && now - last.at < QUIET_MS) {
      repeats += 1;
      return;
    }
    logger.error({ err: error, repeats }, 'The job queue met an error and goes on');
    last = { kind, at: now };
    repeats = 0;
  };
}

/** A failed look for jobs is told with the queue and the worker that looked. */
function withoutWorker(message: string): string {
  return message.replace(/ \(Queue: .*$/s, '');
}

/** pg-boss emits copies of errors as plain objects; row values that the driver hangs on them must not reach the log. */
function asError(cause: unknown): Error {
  if (cause instanceof Error) return cause;
  const fields: { message?: unknown; stack?: unknown; code?: unknown } =
    typeof cause === 'object' && cause !== null ? cause : {};
  const error: Error & { code?: string } = new Error(
    typeof fields.message === 'string' ? fields.message : 'Unknown error',
  );
  if (typeof fields.stack === 'string') error.stack = fields.stack;
  if (typeof fields.code === 'string') error.code = fields.code;
  return error;
}
