import type { ResourceFilter } from '../../operations/resource-query.ts';
import { mutabilityFault } from '../value-fault.ts';
import type { OperationName } from './clients/entra-capitalised-operations.ts';
import { isCleared } from './clients/entra-empty-clears.ts';
import { wrapInArray } from './clients/onelogin-object-for-array.ts';
import type { ListedMembers, MemberRequest, StepTarget } from './patch-step.ts';

/** The membership change that one operation on `members` asks for, a list of members unread; null when it asks for none. */
export function readMemberRequest(
  op: OperationName,
  target: StepTarget,
  raw: unknown,
  inObject: boolean,
): MemberRequest | null {
  if (target.sub !== null)
    throw mutabilityFault('A member cannot be changed in place; remove it and add the other');
  if (target.where !== null) return removeSelected(op, target.where);
  if (op === 'remove') return readRemoval(raw);
  if (op === 'add') return isCleared(raw) ? null : listing('add', raw);
  // A whole group in an object, its unset list written as null, says nothing about the membership.
  if (inObject && (raw === null || raw === '')) return null;
  return isCleared(raw) ? everybodyLeaves : listing('replace', raw);
}

/**
 * RFC 7644 §3.5.2.2: without value and filter, remove empties the group. Entra and JumpCloud list values instead; only
 * those leave, and nobody does when the list is empty.
 */
function readRemoval(raw: unknown): MemberRequest | null {
  if (raw === undefined || raw === null) return everybodyLeaves;
  return isCleared(raw) ? null : listing('remove', raw);
}

const everybodyLeaves: ListedMembers = { kind: 'replace', listed: [], named: [] };

const listing = (kind: ListedMembers['kind'], raw: unknown): ListedMembers => ({
  kind,
  listed: wrapInArray(raw),
  named: [],
});

/** `remove` on `members[value eq "a" or value eq "b"]` names ids; any other condition is left to the store. */
function removeSelected(op: OperationName, where: ResourceFilter): MemberRequest | null {
  if (op !== 'remove')
    throw mutabilityFault('A member cannot be changed in place; remove it and add the other');
  const ids = selectedIds(where);
  if (ids === null) return { kind: 'removeWhere', where };
  if (ids === 'everyone') return everybodyLeaves;
  return ids.size === 0 ? null : { kind: 'remove', listed: [], named: [...ids] };
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
