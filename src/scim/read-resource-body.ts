import { OperationError } from '../operations/operation-error.ts';
import type { ResourceKind } from '../operations/resource-query.ts';
import type { Catalogue } from './catalogue.ts';
import { isClientObject, readSchemaUrns } from './json-body.ts';
import { applySteps } from './patch/apply-steps.ts';
import type { PatchStep } from './patch/patch-step.ts';
import { makeStepScope, readObjectSteps } from './patch/read-steps.ts';
import { makeResourceDraft, type ResourceDraft } from './patch/resource-draft.ts';
import { requireExtensionAttributes } from './required-attributes.ts';

/** OneLogin templates name the core schema as SCIM 1.1 did, for users and groups alike. */
const SCIM_1_CORE = 'urn:scim:schemas:core:1.0';

export interface ReadBody {
  readonly draft: ResourceDraft;
  readonly steps: readonly PatchStep[];
}

/**
 * Reads the body of a POST or PUT as one replace of everything in an empty resource, so that bodies and PATCH values
 * follow the same rules. Null is the same as absent here (RFC 7643 §2.5), so nothing needs clearing.
 */
export function readResourceBody(body: unknown, kind: ResourceKind, catalogue: Catalogue): ReadBody {
  if (!isClientObject(body)) {
    throw new OperationError('invalid', 'The body must be a JSON object', { reason: 'syntax' });
  }
  // Further URNs may be unknown, private or misspelt; the core schema says what the body is.
  const core = catalogue.core(kind).id.toLowerCase();
  if (!readSchemaUrns(body).some((urn) => urn === core || urn === SCIM_1_CORE)) {
    throw new OperationError('invalid', `schemas must hold ${catalogue.core(kind).id}`, { reason: 'syntax' });
  }
  const steps = readObjectSteps('replace', body, '', makeStepScope(kind, catalogue)).filter(
    (step) => step.kind !== 'clear',
  );
  const draft = makeResourceDraft({});
  applySteps(draft, steps);
  requireExtensionAttributes(draft, kind, catalogue);
  return { draft, steps };
}
