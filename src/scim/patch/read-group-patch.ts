import type { GroupChange, GroupMemberStep } from '../../operations/resources/scim-operations.ts';
import type { Catalogue } from '../catalogue.ts';
import { draftOfGroup, groupOfDraft } from '../group-draft.ts';
import { MAX_MEMBERS } from '../read-member-ids.ts';
import { keepExtensionsComplete } from '../required-attributes.ts';
import { tooMany } from '../value-fault.ts';
import { applySteps } from './apply-steps.ts';
import { readOperations } from './read-operations.ts';
import { makeStepScope, readSteps } from './read-steps.ts';

/** Some clients send one operation per member. */
const MAX_OPERATIONS = MAX_MEMBERS;
/** Each of them reads the group's members. */
const MAX_CONDITIONS = 20;

/** Reads a PATCH body for a group, RFC 7644 §3.5.2; like `readUserPatch`, members apart from the rest. */
export function readGroupPatch(body: unknown, catalogue: Catalogue): GroupChange {
  const scope = makeStepScope('Group', catalogue);
  const steps = readOperations(body, MAX_OPERATIONS).flatMap((operation) => readSteps(operation, scope));
  const memberSteps = joinMemberSteps(steps.flatMap((step) => (step.kind === 'members' ? [step.step] : [])));
  const contentSteps = steps.filter((step) => step.kind !== 'members');
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

/** Neighbours of the same kind become one step, so that a stream of single additions is one set of ids. */
function joinMemberSteps(steps: readonly GroupMemberStep[]): readonly GroupMemberStep[] {
  const total = steps.reduce((sum, step) => sum + idsOf(step).length, 0);
  if (total > MAX_MEMBERS) throw tooMany(`More than ${MAX_MEMBERS} members in one request`);
  const conditions = steps.filter(({ kind }) => kind === 'removeWhere');
  if (conditions.length > MAX_CONDITIONS)
    throw tooMany(`More than ${MAX_CONDITIONS} conditions on members in one request`);
  const runs: GroupMemberStep[][] = [];
  for (const step of steps) {
    const run = runs.at(-1);
    const joins = step.kind === 'add' || step.kind === 'remove';
    if (joins && run?.[0]?.kind === step.kind) run.push(step);
    else runs.push([step]);
  }
  return runs.flatMap(joinRun);
}

function joinRun(run: readonly GroupMemberStep[]): readonly GroupMemberStep[] {
  const [first] = run;
  if (first === undefined || first.kind === 'removeWhere' || run.length === 1) return run;
  return [{ kind: first.kind, ids: [...new Set(run.flatMap(idsOf))] }];
}

const idsOf = (step: GroupMemberStep): readonly string[] => (step.kind === 'removeWhere' ? [] : step.ids);
