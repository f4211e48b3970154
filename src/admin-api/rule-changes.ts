import { Router } from 'express';
import type { RuleChangeInput } from '../operations/rules/rule-changes.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { representMappingRule } from './mapping-rules.ts';
import { representPlannedPerson } from './planned-person.ts';
import { nextCursorOf, previewOf } from './preview-page.ts';
import { bodyOf, contextOf } from './request-facts.ts';

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
      items: items.map(representPlannedPerson),
      nextCursor: nextCursorOf(request, next),
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
