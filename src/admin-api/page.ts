import type { Request, Response } from 'express';
import type { Page, PageRequest } from '../operations/keyset-page.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { queryOf } from './request-facts.ts';
import { isUuid } from './validate-request.ts';

const DEFAULT_LIMIT = 50;

/** How many items a page may have; validation has checked the range. */
export function limitOf(request: Request): number {
  const limit = queryOf(request, 'limit');
  return limit === null ? DEFAULT_LIMIT : Number(limit);
}

const readId = (text: string): string | null => (isUuid(text) ? text : null);

/** The page that `limit` and `cursor` ask for. */
export function pageOf(request: Request): PageRequest {
  const cursor = queryOf(request, 'cursor');
  return { limit: limitOf(request), after: cursor === null ? null : readCursor(request, cursor, readId) };
}

export function sendPage<Item>(
  response: Response,
  page: Page<Item>,
  represent: (item: Item) => object,
): void {
  const { nextAfter } = page;
  response.json({
    items: page.items.map(represent),
    nextCursor: nextAfter === null ? null : writeCursor(response.req, nextAfter),
  });
}
