import { type Request, Router } from 'express';
import { OperationError } from '../operations/operation-error.ts';
import type { PreviewPosition, PreviewRequest } from '../operations/rule-change-operations.ts';
import type { RuleChangeInput } from '../operations/rule-changes.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { representMappingRule } from './mapping-rules.ts';
import { bodyOf, contextOf, queryOf } from './request-facts.ts';

const DEFAULT_LIMIT = 50;
const cursorForm = /^r1:([A-Za-z0-9_-]{43}):(\d{1,9})$/;

const writeCursor = ({ digest, offset }: PreviewPosition): string =>
  Buffer.from(`r1:${digest}:${offset}`, 'latin1').toString('base64url');

function readCursor(cursor: string): PreviewPosition {
  const [, digest, offset] = cursorForm.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (digest !== undefined && offset !== undefined) return { digest, offset: Number(offset) };
  const fields = [{ pointer: '/cursor', detail: 'must be the nextCursor of the page before' }];
  throw new OperationError('invalid', 'The cursor is not one of ours.', { fields, reason: 'cursor' });
}

function previewOf(request: Request): PreviewRequest {
  const limit = queryOf(request, 'limit');
  const cursor = queryOf(request, 'cursor');
  return {
    limit: limit === null ? DEFAULT_LIMIT : Number(limit),
    position: cursor === null ? null : readCursor(cursor),
  };
}

interface ChangesBody {
  readonly changes: readonly RuleChangeInput[];
}

export function makeRuleChangeRoutes({ operations }: AdminDependencies): Router {
  const { ruleChanges } = operations;
  const router = Router();
  router.post('/mapping-rules/preview', async (request, response) => {
    const { changes } = bodyOf<ChangesBody>(request);
    const preview = await ruleChanges.preview(contextOf(response), changes, previewOf(request));
    const { digest, counts, items, next } = preview;
    response.json({
      digest,
      counts,
      items: items.map(({ directoryUserId, displayName, before, after, effects }) => ({
        directoryUserId,
        displayName,
        before,
        after,
        effects,
      })),
      nextCursor: next === null ? null : writeCursor(next),
    });
  });
  router.post('/mapping-rules/apply', async (request, response) => {
    const { changes, digest } = bodyOf<ChangesBody & { readonly digest: string }>(request);
    const applied = await ruleChanges.apply(contextOf(response), changes, digest);
    response.json({
      digest: applied.digest,
      counts: applied.counts,
      rules: applied.rules.map(representMappingRule),
    });
  });
  return router;
}
