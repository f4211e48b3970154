import { OperationError } from '../../operations/operation-error.ts';
import type { GroupChange } from '../../operations/scim-operations.ts';
import type { Catalogue } from '../catalogue.ts';

/** Reads a PATCH body for a group, RFC 7644 §3.5.2; everything wrong with the body alone is thrown here. */
export function readGroupPatch(body: unknown, catalogue: Catalogue): GroupChange {
  throw new OperationError('invalid', `No patch reader for ${typeof body} ${catalogue.schemas.length}`);
}
