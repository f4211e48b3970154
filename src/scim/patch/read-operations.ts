import { OperationError } from '../../operations/operation-error.ts';
import { isClientObject, ownValue, readSchemaUrns } from '../json-body.ts';
import { tooMany } from '../value-fault.ts';
import { type OperationName, readOperationName } from './clients/entra-capitalised-operations.ts';

/** One operation of a PATCH body, its value still unread; undefined when it has none. */
export interface ClientOperation {
  readonly op: OperationName;
  readonly path: string | null;
  readonly value: unknown;
}

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:patchop';

/** The operations in the envelope of RFC 7644 §3.5.2, each still unread; member names in any case. */
export function listOperations(body: unknown, maximum: number): readonly unknown[] {
  if (!isClientObject(body)) throw syntaxFault('The body must be a JSON object');
  if (!readSchemaUrns(body).includes(PATCH_OP))
    throw syntaxFault('schemas must hold the PatchOp message URN');
  const operations = ownValue(body, 'Operations');
  if (!Array.isArray(operations) || operations.length === 0) {
    throw syntaxFault('Operations must be a list with at least one operation');
  }
  if (operations.length > maximum) throw tooMany(`More than ${maximum} operations in one request`);
  return operations;
}

export function readOperation(operation: unknown): ClientOperation {
  if (!isClientObject(operation)) throw syntaxFault('Every operation must be a JSON object');
  const op = readOperationName(ownValue(operation, 'op'));
  if (op === null) throw syntaxFault('op must be add, remove or replace');
  const path = readPathText(ownValue(operation, 'path'));
  const value = ownValue(operation, 'value');
  if (op === 'remove' && path === null) {
    throw new OperationError('invalid', 'remove needs a path', { reason: 'no-target' });
  }
  if (op !== 'remove' && value === undefined) {
    throw new OperationError('invalid', `${op} needs a value`, { reason: 'value' });
  }
  return { op, path, value };
}

/** Some serializers write an absent path as null or as an empty text. */
function readPathText(path: unknown): string | null {
  if (path === undefined || path === null) return null;
  if (typeof path !== 'string')
    throw new OperationError('invalid', 'path must be a string', { reason: 'path' });
  return path.trim() === '' ? null : path;
}

function syntaxFault(detail: string): OperationError {
  return new OperationError('invalid', detail, { reason: 'syntax' });
}
