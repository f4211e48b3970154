import { OperationError } from '../operations/operation-error.ts';

interface SqlFailure {
  readonly code: string;
  readonly constraint: string;
  readonly message: string;
  readonly detail: string;
}

const textOf = (error: object, field: string): string => {
  const value: unknown = Reflect.get(error, field);
  return typeof value === 'string' ? value : '';
};

const readFailure = (error: unknown): SqlFailure | null =>
  error instanceof Error
    ? {
        code: textOf(error, 'code'),
        constraint: textOf(error, 'constraint'),
        message: error.message,
        detail: textOf(error, 'detail'),
      }
    : null;

/** SQLSTATE 08: connection, 53: resources, 57P: server is leaving or coming, 58: its disk. */
const awayState = /^(08|53|57P|58)/;
const networkCode = /^(ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOENT)/;
/** What `pg` reports without a code. */
const driverMessage =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after)/;

/** After these the connection is of no use, and another one may be no better. */
export function isDatabaseAway(error: unknown): boolean {
  const failure = readFailure(error);
  if (failure === null) return false;
  const { code, message } = failure;
  // 25P03: the session was ended for idling in a transaction; 25006: the server has become a read-only replica.
  if (code === '25P03' || code === '25006' || awayState.test(code) || networkCode.test(code)) return true;
  return code === '' && driverMessage.test(message);
}

/** A migration changed a table under a prepared statement; a new connection prepares it afresh. */
export const isStalePlan = (error: unknown): boolean => {
  const failure = readFailure(error);
  return failure?.code === '0A000' && failure.message.startsWith('cached plan');
};

/**
 * Constraints that only a concurrent twin can violate, since decisions are made from facts loaded before: the work runs
 * again and sees the twin's result.
 */
const twinConstraints: ReadonlySet<string> = new Set([
  'logins__one_username',
  'logins__one_email',
  'logins__one_enabled_per_directory_user',
  'logins__identity',
  'employees__one_per_directory_user',
  'contacts__one_per_directory_user',
]);

export function isWorthRetrying(error: unknown): boolean {
  const failure = readFailure(error);
  if (failure === null) return false;
  if (failure.code === '40001' || failure.code === '40P01' || isStalePlan(error)) return true;
  return failure.code === '23505' && twinConstraints.has(failure.constraint);
}

const linked = 'The directory user is already linked to another person.';
const uniqueSentences: ReadonlyMap<string, string> = new Map([
  ['directory_users__one_user_name', 'The userName is taken by another user of this connection.'],
  ['directory_groups__one_display_name', 'The displayName is taken by another group of this connection.'],
  ['logins__one_username', 'The username is taken by another person.'],
  ['logins__one_email', 'The email address is taken by the login of another person.'],
  ['logins__one_enabled_per_directory_user', linked],
  ['employees__one_per_directory_user', linked],
  ['contacts__one_per_directory_user', linked],
  ['employees__one_root', 'The organization has a root user already.'],
  ['mapping_rules__one_per_group', 'There is a mapping rule for this group of the connection already.'],
  ['account_locations__one_main', 'The account has a main location already.'],
  ['sync_runs__one_open', 'A sync of this connection is running already.'],
]);

function uniqueSentence(constraint: string): string {
  const known = uniqueSentences.get(constraint);
  if (known !== undefined) return known;
  return constraint.endsWith('__one_name') ? 'The name is taken.' : 'Such a record exists already.';
}

const unavailable = (cause: unknown): OperationError =>
  new OperationError('unavailable', 'The database is not available at the moment; try again shortly.', {
    cause,
  });

const invalid = (detail: string, cause: unknown): OperationError =>
  new OperationError('invalid', detail, { cause, reason: 'value' });

/** The OperationError that the failure means to the caller; anything unexpected comes back as it is. */
export function translateSqlError(error: unknown): unknown {
  const failure = readFailure(error);
  if (failure === null || error instanceof OperationError) return error;
  if (isDatabaseAway(error)) return unavailable(error);
  return bySqlState(failure, error) ?? error;
}

function bySqlState(failure: SqlFailure, cause: unknown): OperationError | null {
  switch (failure.code) {
    case '23505':
      return new OperationError('conflict', uniqueSentence(failure.constraint), { cause });
    case '23503':
      return failure.detail.includes('still referenced')
        ? new OperationError('conflict', 'The record is still in use.', { cause })
        : invalid('A record that this one refers to does not exist.', cause);
    case '40001':
    case '40P01':
      return new OperationError('unavailable', 'Others are changing the same records; try again.', { cause });
    case '55P03':
    case '57014':
      return new OperationError('unavailable', 'The database took too long; try again, or ask for less.', {
        cause,
      });
    case '22021':
    case '22P05':
      return invalid('A value holds a character that cannot be stored (U+0000).', cause);
    case '54000':
      return invalid('A value is too long.', cause);
    case '22P02':
    case '22003':
    case '22007':
    case '22008':
      return invalid('A value is out of range or of the wrong form.', cause);
    default:
      return null;
  }
}
