import { GraphError } from '../operations/tenants/graph-ports.ts';
import type { Fields } from './read-json.ts';
import { unexpected } from './read-json.ts';

export interface GraphAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; null for an empty body. A text where JSON was not asked for. */
  readonly body: unknown;
}

const inner = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Fields)[name] // Checked to be an object with that property.
    : undefined;

/** `error.code` of an answer, for instance `Request_ResourceNotFound`; empty when there is none. */
export function errorCodeOf(body: unknown): string {
  const code = inner(inner(body, 'error'), 'code');
  return typeof code === 'string' ? code.slice(0, 100) : '';
}

/** Both the outer and the inner code: some services put the telling one inside. */
export function hasErrorCode(body: unknown, codes: readonly string[]): boolean {
  const nested = inner(inner(inner(body, 'error'), 'innerError'), 'code');
  const found = [errorCodeOf(body), typeof nested === 'string' ? nested : ''].map((code) =>
    code.toLowerCase(),
  );
  return codes.some((code) => found.includes(code.toLowerCase()));
}

/** What a refusal means that no retry can change. `permission` is what the call needs. */
export function refusalOf({ status, body }: GraphAnswer, name: string, permission: string): GraphError {
  const code = errorCodeOf(body);
  if (status === 403 && code === 'Authorization_IdentityNotFound') {
    return new GraphError(
      'consentRequired',
      'The tenant does not know the application. Let an administrator of the tenant consent on behalf of the organization.',
    );
  }
  if (status === 403) {
    return new GraphError(
      'permissionMissing',
      `Microsoft Graph does not allow ${name}. Add the permission ${permission} to the app registration and let an ` +
        'administrator of the tenant consent on behalf of the organization.',
      { permission },
    );
  }
  return unexpected(`status ${status}${code === '' ? '' : ` (${code})`} from ${name}`);
}

/** Graph shows objects with nothing but their id to those who may not read their kind. */
export const withoutProperties = (kind: 'users' | 'groups', permission: string): GraphError =>
  new GraphError(
    'permissionMissing',
    `Microsoft Graph shows ${kind} without their properties. Add the permission ${permission} to the app registration and let ` +
      'an administrator of the tenant consent on behalf of the organization.',
    { permission },
  );

export const tokenRefused = (): GraphError =>
  new GraphError(
    'tokenRefused',
    'Microsoft Graph refuses a token that was issued a moment ago. Connect again; if that does not help, check the ' +
      'cloud of the connection and the sign-in logs of the tenant.',
  );

/** After the last retry that the time allowed. */
export function passingFailure(
  status: number | null,
  retryAfterMs: number | null,
  cause?: unknown,
): GraphError {
  const retryAfterSeconds = retryAfterMs === null ? null : Math.ceil(retryAfterMs / 1000);
  const facts = { retryAfterSeconds, ...(cause === undefined ? {} : { cause }) };
  if (status === 429) {
    return new GraphError('throttled', 'Microsoft Graph asked for a pause. Nothing has to be done.', facts);
  }
  return new GraphError(
    'unavailable',
    status === null
      ? 'Microsoft Graph could not be reached in time. It is tried again; check the way out to the internet if it stays so.'
      : `Microsoft Graph is not available at the moment (status ${status}). It is tried again.`,
    facts,
  );
}
