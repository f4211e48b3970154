import { DatabaseSetupError } from './database-setup-error.ts';

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';

/** Where a connection string points, without user and password. */
function placeOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return 'the address in DATABASE_URL';
  const socket = parsed.searchParams.get('host');
  return `${socket ?? (parsed.host || 'localhost')}${parsed.pathname}`;
}

const unreachable = ['ECONNREFUSED', 'ENOENT', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNRESET'];

/** Turns the failure of the first connection into one line that says what to do. */
export function explainConnectFailure(cause: unknown, url: string): DatabaseSetupError {
  return new DatabaseSetupError(`${sentence(codeOf(cause), url, cause)}`, { cause });
}

function sentence(code: string, url: string, cause: unknown): string {
  const place = placeOf(url);
  if (unreachable.includes(code) || (code === '' && /timeout|terminated/i.test(String(cause)))) {
    return `No PostgreSQL server answers at ${place}: start it, or correct DATABASE_URL`;
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `The host name in DATABASE_URL (${place}) cannot be resolved: correct it, or check the name service`;
  }
  if (code === '28P01' || code === '28000') {
    return `PostgreSQL at ${place} refuses the user or password of DATABASE_URL: correct them, or pg_hba.conf of the server`;
  }
  if (code === '3D000') {
    return `There is no such database at ${place}: create it (createdb), or correct DATABASE_URL`;
  }
  if (code === '53300') return `PostgreSQL at ${place} has no connection left: raise max_connections`;
  if (code.startsWith('57P'))
    return `PostgreSQL at ${place} is starting up or shutting down: try again shortly`;
  const message = cause instanceof Error ? cause.message : 'unknown reason';
  return `The database at ${place} cannot be opened (${message}): correct DATABASE_URL`;
}
