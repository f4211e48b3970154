import type { Request } from 'express';
import type { PreviewPosition, PreviewRequest } from '../operations/reconcile/plan-people.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { limitOf } from './page.ts';
import { queryOf } from './request-facts.ts';

const positionForm = /^([A-Za-z0-9_-]{43}):(\d{1,9})$/;

export const nextCursorOf = (request: Request, next: PreviewPosition | null): string | null =>
  next === null ? null : writeCursor(request, `${next.digest}:${next.offset}`);

function readPosition(text: string): PreviewPosition | null {
  const [, digest, offset] = positionForm.exec(text) ?? [];
  return digest === undefined || offset === undefined ? null : { digest, offset: Number(offset) };
}

/** Which page of a preview is asked for. */
export function previewOf(request: Request): PreviewRequest {
  const cursor = queryOf(request, 'cursor');
  const position = cursor === null ? null : readCursor(request, cursor, readPosition);
  return { limit: limitOf(request), position };
}
