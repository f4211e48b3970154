import { randomUUID } from 'node:crypto';
import type { Answer } from './answer.ts';
import { jsonAnswer } from './answer.ts';
import type { ObjectType } from './directory-object.ts';

/** An answer of Graph that is not a success. */
export class GraphError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'GraphError';
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export function badRequest(message: string): GraphError {
  return new GraphError(400, 'Request_BadRequest', message);
}

export function unsupportedQuery(message: string): GraphError {
  return new GraphError(400, 'Request_UnsupportedQuery', message);
}

/** Here the code is without its prefix. */
export function unknownProperty(property: string, type: ObjectType): GraphError {
  return new GraphError(
    400,
    'BadRequest',
    `The type 'microsoft.graph.${type}' has no property '${property}'.`,
  );
}

export function notFound(id: string): GraphError {
  return new GraphError(404, 'Request_ResourceNotFound', `There is no object '${id}' that may be read.`);
}

export interface ErrorContext {
  readonly now: number;
  readonly clientRequestId: string | undefined;
}

export function representError(error: GraphError, { now, clientRequestId }: ErrorContext): Answer {
  const requestId = error.headers['request-id'] ?? randomUUID();
  const body = {
    error: {
      code: error.code,
      message: error.message,
      innerError: {
        date: new Date(now).toISOString().slice(0, 19),
        'request-id': requestId,
        'client-request-id': clientRequestId ?? requestId,
      },
    },
  };
  return jsonAnswer(error.status, body, error.headers);
}
