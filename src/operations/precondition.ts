import { OperationError } from './operation-error.ts';
import type { VersionPrecondition } from './resources/scim-operations.ts';

/** Refuses a change that was meant for another version. RFC 7644 §3.14, RFC 9110 §13.1.1. */
export function requireVersion(precondition: VersionPrecondition, version: number): void {
  if (precondition === null || precondition === 'any' || precondition.includes(version)) return;
  throw new OperationError(
    'stale',
    `The resource is at version ${version} by now. Read it again and repeat the change.`,
  );
}
