import { randomUUID } from 'node:crypto';
import { type Answer, jsonAnswer } from './answer.ts';

/** A refusal of the identity platform: the OAuth 2.0 error (RFC 6749 §5.2) and the number that says what it was. */
export class LoginError extends Error {
  readonly status: number;
  readonly error: string;
  readonly code: number;
  readonly subError: string | undefined;

  constructor(error: string, code: number, message: string, subError?: string) {
    super(message);
    this.name = 'LoginError';
    this.status = error === 'invalid_client' ? 401 : 400;
    this.error = error;
    this.code = code;
    this.subError = subError;
  }

  /** `AADSTS…: text`, as clients search for it. */
  get description(): string {
    return `AADSTS${this.code}: ${this.message}`;
  }
}

export function representLoginError(
  error: LoginError,
  now: number,
  correlationId: string | undefined,
): Answer {
  const timestamp = `${new Date(now).toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const traceId = randomUUID();
  const correlation = correlationId ?? randomUUID();
  const trail = `Trace ID: ${traceId} Correlation ID: ${correlation} Timestamp: ${timestamp}`;
  return jsonAnswer(error.status, {
    error: error.error,
    error_description: `${error.description} ${trail}`,
    error_codes: [error.code],
    timestamp,
    trace_id: traceId,
    correlation_id: correlation,
    ...(error.subError === undefined ? {} : { suberror: error.subError }),
  });
}

export function unknownTenant(name: string): LoginError {
  return new LoginError('invalid_tenant', 90002, `Tenant '${name}' was not found.`);
}

export function unknownApplication(appId: string, tenant: string): LoginError {
  return new LoginError(
    'unauthorized_client',
    700016,
    `Application '${appId}' was not found in the directory '${tenant}': it was not installed, or nobody consented.`,
  );
}
