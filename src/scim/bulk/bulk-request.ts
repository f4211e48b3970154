import { LIMITS } from '../protocol/limits.ts';
import { BULK_REQUEST_URN } from '../protocol/message-urns.ts';
import {
  invalidSyntax,
  readMembers,
  readMessage,
  readText,
  type ScimMessage,
} from '../protocol/scim-message.ts';
import { ScimRefusal } from '../protocol/scim-refusal.ts';

/** One entry of `Operations`, not yet checked: what is wrong with it becomes its own answer. */
export interface BulkOperation {
  readonly method: string;
  readonly path: string;
  readonly bulkId: string | null;
  readonly version: string | null;
  readonly data: unknown;
  /** Why this operation cannot even be tried. */
  readonly fault: ScimRefusal | null;
}

export interface BulkRequest {
  readonly operations: readonly BulkOperation[];
  /** How many errors end the request; null for no limit. */
  readonly failOnErrors: number | null;
}

const METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const BULK_ID = /^[^\s"\\]{1,256}$/;

function checkOperation(operation: Omit<BulkOperation, 'fault'>): void {
  const { method, path, bulkId, data } = operation;
  if (!METHODS.has(method)) throw invalidSyntax('method must be POST, PUT, PATCH or DELETE');
  if (path === '') throw invalidSyntax('path is missing');
  // A path becomes a location, and half a surrogate pair cannot be percent-encoded.
  if (!path.isWellFormed()) throw invalidSyntax('path holds a character that no address has');
  // RFC 7644 §3.7: required for POST, because the client has no other name for what it creates.
  if (method === 'POST' && bulkId === null) throw invalidSyntax('bulkId is required for POST');
  if (bulkId !== null && !BULK_ID.test(bulkId)) {
    throw invalidSyntax('bulkId must be 1 to 256 characters without spaces, quotes and backslashes');
  }
  if (method !== 'DELETE' && (data === undefined || data === null)) throw invalidSyntax('data is missing');
}

function readOperation(value: unknown): BulkOperation {
  let operation: Omit<BulkOperation, 'fault'> = {
    method: '',
    path: '',
    bulkId: null,
    version: null,
    data: null,
  };
  try {
    const message = readMembers(value, 'An operation');
    operation = { ...operation, method: (readText(message, 'method') ?? '').toUpperCase().slice(0, 20) };
    operation = { ...operation, bulkId: readText(message, 'bulkId') };
    operation = {
      ...operation,
      path: readText(message, 'path') ?? '',
      version: readText(message, 'version'),
      data: message.member('data'),
    };
    checkOperation(operation);
    return { ...operation, fault: null };
  } catch (error) {
    if (error instanceof ScimRefusal) return { ...operation, fault: error };
    throw error;
  }
}

function readFailOnErrors(message: ScimMessage): number | null {
  const value = message.member('failOnErrors') ?? null;
  if (value === null) return null;
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw invalidSyntax('failOnErrors must be an integer');
  return value < 1 ? null : value;
}

/** RFC 7644 §3.7. */
export function readBulkRequest(body: unknown): BulkRequest {
  const message = readMessage(body, BULK_REQUEST_URN);
  const operations = message.member('Operations');
  if (!Array.isArray(operations)) throw invalidSyntax('Operations must be an array');
  if (operations.length > LIMITS.bulkOperations) {
    throw new ScimRefusal(413, `A bulk request can hold at most ${LIMITS.bulkOperations} operations`);
  }
  return { operations: operations.map(readOperation), failOnErrors: readFailOnErrors(message) };
}
