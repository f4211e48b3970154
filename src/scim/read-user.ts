import type { UserContent } from '../directory/directory-user.ts';
import type { Catalogue } from './catalogue.ts';
import { keepImmutable } from './immutable.ts';
import { readResourceBody } from './read-resource-body.ts';
import { draftOfUser, userOfDraft } from './user-draft.ts';

export type UserReadMode =
  | { readonly kind: 'create' }
  /** PUT: what the body leaves out is dropped, except `active`, which keeps its value. */
  | { readonly kind: 'replace'; readonly current: UserContent };

/** Reads the body of a POST or PUT of a user, RFC 7644 §3.3 and §3.5.1. */
export function readUser(body: unknown, catalogue: Catalogue, mode: UserReadMode): UserContent {
  const { draft } = readResourceBody(body, 'User', catalogue);
  if (mode.kind === 'replace') keepImmutable(draft, draftOfUser(mode.current), 'User', catalogue);
  return userOfDraft(draft, mode.kind === 'create' || mode.current.active);
}
