import type { RequestHandler } from 'express';
import { jsonBody } from '../http/body.ts';
import type { FieldFault } from '../operations/operation-error.ts';
import { sendProblem } from './problem.ts';
import { operationOf } from './request-facts.ts';

const MAX_BYTES = 1024 * 1024;

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

/** PostgreSQL stores neither U+0000 nor half a surrogate pair; the first place in the body that has one. */
function findUnstorable(value: unknown, pointer: string): FieldFault | null {
  if (typeof value === 'string') {
    return isStorable(value) ? null : { pointer, detail: 'contains a character that cannot be stored' };
  }
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, inner] of Object.entries(value)) {
    const fault = findUnstorable(inner, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    if (fault !== null) return fault;
  }
  return null;
}

function findUnstorableQuery(query: Readonly<Record<string, unknown>>): FieldFault | null {
  for (const [name, value] of Object.entries(query)) {
    const fault = findUnstorable(value, `/${name}`);
    if (fault !== null) return fault;
  }
  return null;
}

/** Reads the body of operations that take one; what others are sent is left alone. */
export function makeBodyReader(): readonly RequestHandler[] {
  const read = jsonBody({
    accepts: ['application/json', 'application/merge-patch+json'],
    maxBytes: MAX_BYTES,
  });

  const readIfWanted: RequestHandler = (request, response, next) => {
    if (operationOf(response).requestBody === undefined) next();
    else read(request, response, next);
  };
  const check: RequestHandler = (request, response, next) => {
    const wanted = operationOf(response).requestBody;
    if (wanted?.required === true && request.body === undefined) {
      return sendProblem(response, { status: 400, detail: 'The request needs a JSON body.' });
    }
    const fault = findUnstorableQuery(request.query) ?? findUnstorable(request.body, '');
    if (fault === null) return next();
    const detail = `The request is not valid: ${fault.pointer} ${fault.detail}.`;
    sendProblem(response, { status: 400, detail, errors: [fault] });
  };
  return [readIfWanted, check];
}
