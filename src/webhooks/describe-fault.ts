import { TargetFault } from './resolve-target.ts';

const known: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'The target refuses connections.'],
  ['ECONNRESET', 'The target closed the connection before it had answered.'],
  ['ETIMEDOUT', 'The target cannot be reached.'],
  ['EHOSTUNREACH', 'The target cannot be reached.'],
  ['ENETUNREACH', 'The target cannot be reached.'],
  ['HPE_HEADER_OVERFLOW', 'The header of the answer is too long.'],
]);

/** Why there was no answer, as a sentence for the administrator. Only codes of errors are quoted. */
export function describeFault(error: unknown, timeoutMs: number): string {
  if (error instanceof TargetFault) return error.message;
  if (isTimeout(error)) return `The target has not answered within ${timeoutMs / 1000} seconds.`;
  const code = codeOf(error);
  if (code === null) return 'The request failed.';
  if (/CERT|^ERR_TLS|SELF_SIGNED|^UNABLE_TO_/.test(code))
    return `The certificate of the target is not valid (${code}).`;
  return known.get(code) ?? `The request failed (${code}).`;
}

const isTimeout = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'TimeoutError' || error.name === 'AbortError' || isTimeout(error.cause));

function codeOf(error: unknown): string | null {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
