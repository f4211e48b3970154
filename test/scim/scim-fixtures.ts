import assert from 'node:assert/strict';
import type { GroupContent } from '../../src/directory/directory-group.ts';
import type { UserContent } from '../../src/directory/directory-user.ts';
import type { JsonObject } from '../../src/directory/json.ts';
import { type InvalidReason, OperationError } from '../../src/operations/operation-error.ts';

export const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const CORE_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export function patchOf(...operations: readonly unknown[]): unknown {
  return { schemas: [PATCH_OP], Operations: operations };
}

export function user(attributes: JsonObject = {}, rest: Partial<UserContent> = {}): UserContent {
  return { userName: 'ada@fabrikam.example', externalId: 'ada', active: true, attributes, ...rest };
}

export function group(rest: Partial<GroupContent> = {}): GroupContent {
  return { displayName: 'Engineers', externalId: 'g-1', attributes: {}, ...rest };
}

const isInvalid =
  (reason: InvalidReason) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof OperationError, String(error));
    assert.equal(error.kind, 'invalid');
    assert.equal(error.reason, reason, error.message);
    assert.ok(error.message.length > 10 && error.message.length < 300);
    return true;
  };

/** Fails unless `work` throws OperationError('invalid') for this reason. */
export function assertInvalid(work: () => unknown, reason: InvalidReason, message?: string): void {
  assert.throws(work, isInvalid(reason), message);
}

/** The same of what is read in steps. */
export function assertRejectedAsInvalid(work: Promise<unknown>, reason: InvalidReason): Promise<void> {
  return assert.rejects(work, isInvalid(reason));
}

/** What `work` answers, and how often the event loop turned meanwhile. */
export async function countTurns<Result>(work: Promise<Result>): Promise<{ result: Result; turns: number }> {
  let turns = 0;
  let timer: NodeJS.Immediate | null = null;
  const turn = (): void => {
    turns += 1;
    timer = setImmediate(turn);
  };
  timer = setImmediate(turn);
  try {
    return { result: await work, turns };
  } finally {
    clearImmediate(timer);
  }
}

/** Freezes everything below, so that a change in place fails the test. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
