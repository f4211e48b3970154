import type { Request } from 'express';
import { OperationError } from '../operations/operation-error.ts';

const VERSION = 'p2';

/** The address of the list, so that the cursor of one list is none of another one. */
const listOf = ({ path }: Request): string => path.toLowerCase().replace(/\/$/, '');

const prefixOf = (request: Request): string => `${VERSION}:${listOf(request)}:`;

/** Where the next page of the list that is asked for starts, as text for the client. */
export const writeCursor = (request: Request, position: string): string =>
  Buffer.from(prefixOf(request) + position, 'latin1').toString('base64url');

/** The position in a cursor that `writeCursor` made for the same list. Throws `invalid` for every other text. */
export function readCursor<Position>(
  request: Request,
  cursor: string,
  readPosition: (text: string) => Position | null,
): Position {
  const text = /^[A-Za-z0-9_-]+$/.test(cursor) ? Buffer.from(cursor, 'base64url').toString('latin1') : '';
  const prefix = prefixOf(request);
  const position = text.startsWith(prefix) ? readPosition(text.slice(prefix.length)) : null;
  if (position !== null) return position;
  const fields = [{ pointer: '/cursor', detail: 'must be the nextCursor of the page before' }];
  throw new OperationError('invalid', 'The cursor is not one of this list.', { fields, reason: 'cursor' });
}
