import type { UserChange } from '../../operations/resources/scim-operations.ts';
import type { Catalogue } from '../catalogue.ts';
import { keepExtensionsComplete } from '../required-attributes.ts';
import { draftOfUser, userOfDraft } from '../user-draft.ts';
import { applySteps } from './apply-steps.ts';
import { listOperations, readOperation } from './read-operations.ts';
import { makeStepScope, readSteps } from './read-steps.ts';

const MAX_OPERATIONS = 1000;

/**
 * Reads a PATCH body for a user, RFC 7644 §3.5.2. What is wrong with the body alone is thrown here, before the user is
 * looked up; the change it returns throws only what needs the stored user: a missing target, a changed immutable value,
 * too many values.
 */
export function readUserPatch(body: unknown, catalogue: Catalogue): UserChange {
  const scope = makeStepScope('User', catalogue);
  const operations = listOperations(body, MAX_OPERATIONS).map(readOperation);
  const steps = operations.flatMap((operation) => readSteps(operation, scope));
  return (current) => {
    const draft = draftOfUser(current);
    keepExtensionsComplete(draft, 'User', catalogue, () => applySteps(draft, steps));
    return userOfDraft(draft, current.active);
  };
}
