import type { UserContent } from '../directory/directory-user.ts';
import type { Catalogue } from './catalogue.ts';
import type { ResourceDraft } from './patch/resource-draft.ts';
import { readResourceBody } from './read-resource-body.ts';
import { draftOfUser, userOfDraft } from './user-draft.ts';
import { mutabilityFault } from './value-fault.ts';

export type UserReadMode =
  | { readonly kind: 'create' }
  /** PUT: what the body leaves out is dropped, except `active`, which keeps its value. */
  | { readonly kind: 'replace'; readonly current: UserContent };

/** Reads the body of a POST or PUT of a user, RFC 7644 §3.3 and §3.5.1. */
export function readUser(body: unknown, catalogue: Catalogue, mode: UserReadMode): UserContent {
  const { draft } = readResourceBody(body, 'User', catalogue);
  if (mode.kind === 'replace') keepImmutable(draft, draftOfUser(mode.current), catalogue);
  return userOfDraft(draft, mode.kind === 'create' || mode.current.active);
}

/** RFC 7644 §3.5.1: an immutable value that is set must match; left out, it stays. */
function keepImmutable(draft: ResourceDraft, current: ResourceDraft, catalogue: Catalogue): void {
  const attributes = catalogue.extensions('User').flatMap((extension) => extension.attributes);
  for (const attribute of attributes.filter(({ mutability }) => mutability === 'immutable')) {
    const [kept, wanted] = [current.get(attribute), draft.get(attribute)];
    if (kept === undefined) continue;
    if (wanted !== undefined && JSON.stringify(wanted) !== JSON.stringify(kept)) {
      throw mutabilityFault(`${attribute.name} cannot change once it has a value`);
    }
    draft.put(attribute, kept);
  }
}
