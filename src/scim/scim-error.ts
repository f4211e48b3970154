import { BodyError, type BodyErrorKind } from '../http/body.ts';
import { QueryError } from '../http/stable-query.ts';
import type { Logger } from '../observability/logger.ts';
import { type InvalidReason, OperationError } from '../operations/operation-error.ts';
import { Answer } from './protocol/answer.ts';
import type { AnswerObject } from './protocol/answer-value.ts';
import { ERROR_URN } from './protocol/message-urns.ts';
import { ScimRefusal, type ScimType } from './protocol/scim-refusal.ts';

const RETRY_AFTER_SECONDS = 5;

const SCIM_TYPE_OF_REASON: Readonly<Record<InvalidReason, ScimType>> = {
  filter: 'invalidFilter',
  path: 'invalidPath',
  'no-target': 'noTarget',
  syntax: 'invalidSyntax',
  value: 'invalidValue',
  mutability: 'mutability',
  'too-many': 'tooMany',
  cursor: 'invalidCursor',
};

function refusalOfBody(kind: BodyErrorKind, detail: string): ScimRefusal {
  switch (kind) {
    case 'unsupported-media-type':
      return new ScimRefusal(415, detail);
    case 'too-large':
      return new ScimRefusal(413, detail);
    case 'malformed':
    case 'too-deep':
      return new ScimRefusal(400, detail, { scimType: 'invalidSyntax' });
  }
}

function refusalOfOperation(error: OperationError): ScimRefusal {
  switch (error.kind) {
    case 'not-found':
      return new ScimRefusal(404, error.message);
    case 'conflict':
      return new ScimRefusal(409, error.message, { scimType: 'uniqueness' });
    case 'held':
      return new ScimRefusal(409, error.message);
    case 'invalid':
      return new ScimRefusal(400, error.message, { scimType: SCIM_TYPE_OF_REASON[error.reason ?? 'value'] });
    case 'stale':
      return new ScimRefusal(412, error.message);
    case 'forbidden':
      return new ScimRefusal(403, error.message);
    case 'unavailable':
      return new ScimRefusal(503, 'The service is temporarily unavailable; try again later', {
        headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
      });
  }
}

function refusalOf(error: unknown): ScimRefusal | null {
  if (error instanceof ScimRefusal) return error;
  if (error instanceof OperationError) return refusalOfOperation(error);
  if (error instanceof BodyError) return refusalOfBody(error.kind, error.message);
  if (error instanceof QueryError) return new ScimRefusal(400, error.message, { scimType: 'invalidValue' });
  return null;
}

/** RFC 7644 §3.12, and nothing beyond it. */
function errorBody(refusal: ScimRefusal): AnswerObject {
  return {
    schemas: [ERROR_URN],
    status: String(refusal.status),
    ...(refusal.scimType === null ? {} : { scimType: refusal.scimType }),
    detail: refusal.message,
  };
}

export function answerRefusal(refusal: ScimRefusal): Answer {
  return new Answer(refusal.status, { body: errorBody(refusal), headers: refusal.headers });
}

/**
 * Any thrown value as an answer. What nobody foresaw is logged here, once, and shown without its message. Never 404:
 * a provisioning client takes that for "gone" and creates the resource again.
 */
export function answerError(error: unknown, logger: Logger, requestId: string | null): Answer {
  const refusal = refusalOf(error);
  if (refusal !== null) {
    if (refusal.status >= 500 && refusal.status !== 501) {
      logger.warn({ err: error, requestId }, 'SCIM request could not be served');
    }
    return answerRefusal(refusal);
  }
  logger.error({ err: error, requestId }, 'SCIM request failed');
  return answerRefusal(new ScimRefusal(500, 'An internal error occurred'));
}
