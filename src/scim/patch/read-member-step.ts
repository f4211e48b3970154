import type { MemberStep } from '../../directory/directory-group.ts';
import type { ResourceFilter } from '../../operations/resource-query.ts';
import type { GroupMemberStep } from '../../operations/resources/scim-operations.ts';
import { readMemberIds } from '../read-member-ids.ts';
import { mutabilityFault } from '../value-fault.ts';
import type { OperationName } from './clients/entra-capitalised-operations.ts';
import { isCleared } from './clients/entra-empty-clears.ts';
import type { StepTarget } from './patch-step.ts';

/** The membership change that one operation on `members` asks for; null when it asks for none. */
export function readMemberStep(
  op: OperationName,
  target: StepTarget,
  raw: unknown,
  inObject: boolean,
): GroupMemberStep | null {
  if (target.sub !== null)
    throw mutabilityFault('A member cannot be changed in place; remove it and add the other');
  if (target.where !== null) return removeSelected(op, target.where);
  if (op === 'remove') return readRemoval(raw);
  if (op === 'add') return isCleared(raw) ? null : addition(readMemberIds(raw));
  // A whole group in an object, its unset list written as null, says nothing about the membership.
  if (inObject && (raw === null || raw === '')) return null;
  return { kind: 'replace', ids: isCleared(raw) ? [] : readMemberIds(raw) };
}

/**
 * RFC 7644 §3.5.2.2: without value and filter, remove empties the group. Entra and JumpCloud list values instead; only
 * those leave, and nobody does when the list is empty.
 */
function readRemoval(raw: unknown): MemberStep | null {
  if (raw === undefined || raw === null) return { kind: 'replace', ids: [] };
  const ids = readMemberIds(raw);
  return ids.length === 0 ? null : { kind: 'remove', ids };
}

function addition(ids: readonly string[]): MemberStep | null {
  return ids.length === 0 ? null : { kind: 'add', ids };
}

/** `remove` on `members[value eq "a" or value eq "b"]` names ids; any other condition is left to the store. */
function removeSelected(op: OperationName, where: ResourceFilter): GroupMemberStep | null {
  if (op !== 'remove')
    throw mutabilityFault('A member cannot be changed in place; remove it and add the other');
  const ids = selectedIds(where);
  if (ids === null) return { kind: 'removeWhere', where };
  if (ids === 'everyone') return { kind: 'replace', ids: [] };
  return ids.size === 0 ? null : { kind: 'remove', ids: [...ids] };
}

type Selection = ReadonlySet<string> | 'everyone';

/** Null where the ids cannot be told from the condition alone. */
function selectedIds(where: ResourceFilter): Selection | null {
  switch (where.kind) {
    case 'any':
      return joinSelections(where.of, new Set<string>(), unite);
    case 'all':
      return joinSelections(where.of, 'everyone', intersect);
    case 'compare':
      if (where.operator !== 'eq' || typeof where.value !== 'string') return null;
      if (where.path.subAttribute === 'value') return new Set([where.value]);
      // Members are users, nothing else.
      return where.path.subAttribute === 'type' && where.value.toLowerCase() === 'user' ? 'everyone' : null;
    default:
      return null;
  }
}

function joinSelections(
  parts: readonly ResourceFilter[],
  start: Selection,
  join: (one: Selection, other: Selection) => Selection,
): Selection | null {
  let joined: Selection = start;
  for (const part of parts) {
    const ids = selectedIds(part);
    if (ids === null) return null;
    joined = join(joined, ids);
  }
  return joined;
}

function unite(one: Selection, other: Selection): Selection {
  return one === 'everyone' || other === 'everyone' ? 'everyone' : new Set([...one, ...other]);
}

function intersect(one: Selection, other: Selection): Selection {
  if (one === 'everyone') return other;
  return other === 'everyone' ? one : new Set([...one].filter((id) => other.has(id)));
}
