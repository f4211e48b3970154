import type { UserContent } from '../directory/directory-user.ts';
import { makeResourceDraft, type ResourceDraft } from './patch/resource-draft.ts';
import { valueFault } from './value-fault.ts';

/** A stored user as one flat resource, so that every attribute changes in the same way. */
export function draftOfUser(user: UserContent): ResourceDraft {
  return makeResourceDraft({
    ...user.attributes,
    userName: user.userName,
    ...(user.externalId === null ? {} : { externalId: user.externalId }),
    active: user.active,
  });
}

export function userOfDraft(draft: ResourceDraft, activeByDefault: boolean): UserContent {
  const userName = draft.take('userName');
  const externalId = draft.take('externalId');
  const active = draft.take('active');
  if (typeof userName !== 'string') throw valueFault('userName is required');
  return {
    userName,
    externalId: typeof externalId === 'string' ? externalId : null,
    active: typeof active === 'boolean' ? active : activeByDefault,
    attributes: draft.rest(),
  };
}
