import type { ErrorRequestHandler } from 'express';
import { BodyError, type BodyErrorKind } from '../http/body.ts';
import { requestIdOf } from '../http/request-id.ts';
import { QueryError } from '../http/stable-query.ts';
import type { Logger } from '../observability/logger.ts';
import { OperationError, type OperationErrorKind } from '../operations/operation-error.ts';
import { type Problem, sendProblem } from './problem.ts';
import { readValidationError } from './validate-request.ts';

const operationStatus: Readonly<Record<OperationErrorKind, number>> = {
  'not-found': 404,
  conflict: 409,
  held: 409,
  invalid: 400,
  stale: 412,
  forbidden: 403,
  unavailable: 503,
};

const bodyStatus: Readonly<Record<BodyErrorKind, number>> = {
  malformed: 400,
  'too-deep': 400,
  'too-large': 413,
  'unsupported-media-type': 415,
};

/** Relations carry what they refer to; everything else that blocks is something that uses the object. */
const isRelation = (blocker: object): boolean => 'reference' in blocker;

function operationProblem({ kind, message, fields, missing, blockers, digest }: OperationError): Problem {
  const relations = blockers.filter(isRelation);
  const usedBy = blockers.filter((blocker) => !isRelation(blocker));
  return {
    status: operationStatus[kind],
    detail: message,
    ...(fields.length > 0 ? { errors: fields } : {}),
    ...(missing.length > 0 ? { missing } : {}),
    ...(relations.length > 0 ? { relations } : {}),
    ...(usedBy.length > 0 ? { usedBy } : {}),
    ...(digest === null ? {} : { digest }),
    ...(kind === 'unavailable' ? { headers: { 'Retry-After': '2' } } : {}),
  };
}

/** Refusals that the caller can understand; null for a fault of ours. */
function problemOf(error: unknown): Problem | null {
  if (error instanceof OperationError) return operationProblem(error);
  if (error instanceof BodyError) return { status: bodyStatus[error.kind], detail: `${error.message}.` };
  if (error instanceof QueryError) return { status: 400, detail: `${error.message}.` };
  // What a router throws for a path with a broken percent escape.
  if (error instanceof URIError) return { status: 400, detail: 'The address is not well-formed.' };
  return readValidationError(error);
}

/** The one place where a failure of the administration API becomes an answer. */
export function makeErrorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const problem = problemOf(error);
    if (problem === null || problem.status >= 500) {
      const message = problem === null ? 'Request failed' : 'Request cannot be served now';
      logger.error({ err: error, requestId: requestIdOf(request) }, message);
    }
    if (response.headersSent) return next(error);
    const detail = `Something went wrong here. Quote the request id ${requestIdOf(request)} when you report it.`;
    sendProblem(response, problem ?? { status: 500, detail });
  };
}
