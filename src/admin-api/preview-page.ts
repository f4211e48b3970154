import type { Request } from 'express';
import { OperationError } from '../operations/operation-error.ts';
import type { PreviewPosition, PreviewRequest } from '../operations/reconcile/plan-people.ts';
import { queryOf } from './request-facts.ts';

const DEFAULT_LIMIT = 50;
const cursorForm = /^r1:([A-Za-z0-9_-]{43}):(\d{1,9})$/;

export const writeCursor = (next: PreviewPosition | null): string | null =>
  next === null ? null : Buffer.from(`r1:${next.digest}:${next.offset}`, 'latin1').toString('base64url');

function readCursor(cursor: string): PreviewPosition {
  const [, digest, offset] = cursorForm.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (digest !== undefined && offset !== undefined) return { digest, offset: Number(offset) };
  const fields = [{ pointer: '/cursor', detail: 'must be the nextCursor of the page before' }];
  throw new OperationError('invalid', 'The cursor is not one of ours.', { fields, reason: 'cursor' });
}

/** Which page of a preview is asked for; validation has checked the range of the limit. */
export function previewOf(request: Request): PreviewRequest {
  const limit = queryOf(request, 'limit');
  const cursor = queryOf(request, 'cursor');
  return {
    limit: limit === null ? DEFAULT_LIMIT : Number(limit),
    position: cursor === null ? null : readCursor(cursor),
  };
}
