import type { GroupContent } from '../directory/directory-group.ts';
import { makeResourceDraft, type ResourceDraft } from './patch/resource-draft.ts';
import { valueFault } from './value-fault.ts';

/** A stored group, without its members, as one flat resource. */
export function draftOfGroup(group: GroupContent): ResourceDraft {
  return makeResourceDraft({
    ...group.attributes,
    displayName: group.displayName,
    ...(group.externalId === null ? {} : { externalId: group.externalId }),
  });
}

export function groupOfDraft(draft: ResourceDraft): GroupContent {
  const displayName = draft.take('displayName');
  const externalId = draft.take('externalId');
  if (typeof displayName !== 'string') throw valueFault('displayName is required');
  return {
    displayName,
    externalId: typeof externalId === 'string' ? externalId : null,
    attributes: draft.rest(),
  };
}
