import type { Request, Response } from 'express';
import type { Page, PageRequest } from '../operations/keyset-page.ts';
import { OperationError } from '../operations/operation-error.ts';
import { queryOf } from './request-facts.ts';
import { isUuid } from './validate-request.ts';

const DEFAULT_LIMIT = 50;
const VERSION = 'p1:';

function readCursor(cursor: string): string {
  const text = /^[A-Za-z0-9_-]+$/.test(cursor) ? Buffer.from(cursor, 'base64url').toString('latin1') : '';
  const after = text.slice(VERSION.length);
  if (text.startsWith(VERSION) && isUuid(after)) return after;
  const fields = [{ pointer: '/cursor', detail: 'must be the nextCursor of the page before' }];
  throw new OperationError('invalid', 'The cursor is not one of ours.', { fields, reason: 'cursor' });
}

/** The page that `limit` and `cursor` ask for; validation has checked the range of the limit. */
export function pageOf(request: Request): PageRequest {
  const limit = queryOf(request, 'limit');
  const cursor = queryOf(request, 'cursor');
  return {
    limit: limit === null ? DEFAULT_LIMIT : Number(limit),
    after: cursor === null ? null : readCursor(cursor),
  };
}

export function sendPage<Item>(
  response: Response,
  page: Page<Item>,
  represent: (item: Item) => object,
): void {
  const { nextAfter } = page;
  response.json({
    items: page.items.map(represent),
    nextCursor: nextAfter === null ? null : Buffer.from(VERSION + nextAfter, 'latin1').toString('base64url'),
  });
}
