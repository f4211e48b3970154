import type { UserContent } from '../directory/directory-user.ts';
import { OperationError } from '../operations/operation-error.ts';
import type { Catalogue } from './catalogue.ts';

export type UserReadMode =
  | { readonly kind: 'create' }
  /** PUT: what the body leaves out is dropped, except `active`, which keeps its value. */
  | { readonly kind: 'replace'; readonly current: UserContent };

/** Reads the body of a POST or PUT of a user, RFC 7644 §3.3 and §3.5.1. */
export function readUser(body: unknown, catalogue: Catalogue, mode: UserReadMode): UserContent {
  throw new OperationError(
    'invalid',
    `No reader for ${typeof body} ${catalogue.schemas.length} ${mode.kind}`,
  );
}
