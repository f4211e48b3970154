import type { GroupChange } from '../../operations/resources/scim-operations.ts';
import type { Catalogue } from '../catalogue.ts';
import { draftOfGroup, groupOfDraft } from '../group-draft.ts';
import { inParts } from '../in-parts.ts';
import { MAX_MEMBERS } from '../read-member-ids.ts';
import { keepExtensionsComplete } from '../required-attributes.ts';
import { applySteps } from './apply-steps.ts';
import { MemberRequests } from './member-requests.ts';
import type { PatchStep } from './patch-step.ts';
import { listOperations, readOperation } from './read-operations.ts';
import { makeStepScope, readSteps } from './read-steps.ts';

/** Some clients send one operation per member. */
const MAX_OPERATIONS = MAX_MEMBERS;
const READ_AT_ONCE = 500;

/** Reads a PATCH body for a group, RFC 7644 §3.5.2; like `readUserPatch`, members apart from the rest, and in steps. */
export async function readGroupPatch(body: unknown, catalogue: Catalogue): Promise<GroupChange> {
  const scope = makeStepScope('Group', catalogue);
  const members = new MemberRequests();
  const contentSteps: PatchStep[] = [];
  for await (const operations of inParts(listOperations(body, MAX_OPERATIONS), READ_AT_ONCE)) {
    for (const step of operations.flatMap((operation) => readSteps(readOperation(operation), scope))) {
      if (step.kind === 'members') members.add(step.request);
      else contentSteps.push(step);
    }
  }
  const memberSteps = await members.read();
  if (contentSteps.length === 0) return { content: null, memberSteps };
  return {
    content: (current) => {
      const draft = draftOfGroup(current);
      keepExtensionsComplete(draft, 'Group', catalogue, () => applySteps(draft, contentSteps));
      return groupOfDraft(draft);
    },
    memberSteps,
  };
}
