import { createHash } from 'node:crypto';
import { OperationError } from '../../operations/operation-error.ts';
import type { ResourceQuery } from '../../operations/resource-query.ts';
import { isUuid } from '../uuid.ts';
import type { SortType } from './sort-sql.ts';

/** Where a page ended, so that the next one starts behind it whatever was inserted meanwhile. */
export interface Position {
  /** Counted with the first page and carried along: counting again would make every page as dear as the whole list. */
  readonly total: number;
  readonly id: string;
  /** As PostgreSQL prints it; null where the last resource had no value. */
  readonly sortText: string | null;
}

/** What a cursor belongs to: another connection, filter or order refuses it. */
export function cursorOwner(table: string, connectionId: string, query: ResourceQuery): string {
  const owner = JSON.stringify([table, connectionId, query.filter, query.sort]);
  return createHash('sha256').update(owner).digest('base64url').slice(0, 16);
}

export const writeCursor = (owner: string, { total, id, sortText }: Position): string =>
  Buffer.from(JSON.stringify([owner, total, id, sortText])).toString('base64url');

const longestCursor = 16_384;

const refuse = (detail: string): OperationError =>
  new OperationError('invalid', detail, { reason: 'cursor' });

const sortTextForm: Readonly<Record<SortType, RegExp>> = {
  text: /^[^\0]*$/su,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  numeric: /^-?\d{1,400}(\.\d{1,400})?$/,
  timestamptz: /^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00$/,
  boolean: /^(true|false)$/,
};

export function readCursor(cursor: string, owner: string, sortType: SortType | null): Position {
  const unknown = refuse('The cursor is none that this server has given out.');
  const parts = cursor.length > longestCursor ? null : parse(cursor);
  if (!Array.isArray(parts) || parts.length !== 4) throw unknown;
  const [hash, total, id, sortText]: unknown[] = parts;
  if (typeof hash !== 'string' || !Number.isSafeInteger(total) || typeof total !== 'number') throw unknown;
  if (hash !== owner) throw refuse('The cursor belongs to another query; start again without a cursor.');
  if (typeof id !== 'string' || !isUuid(id)) throw unknown;
  if (sortText === null) return { total, id, sortText };
  if (typeof sortText !== 'string' || sortType === null || !sortTextForm[sortType].test(sortText))
    throw unknown;
  return { total, id, sortText };
}

function parse(cursor: string): unknown {
  if (!/^[\w-]+$/.test(cursor)) return null;
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
