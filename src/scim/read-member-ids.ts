import { inParts } from './in-parts.ts';
import { isClientObject } from './json-body.ts';
import { referencedId } from './patch/clients/entra-reference-shapes.ts';
import { tooMany, valueFault } from './value-fault.ts';

export const MAX_MEMBERS = 100_000;
const MAX_ID_LENGTH = 256;
const DISTINCT_UP_TO = 10_000;
const READ_AT_ONCE = 5000;
/** What all but a few are, so that 100,000 of them are read in no time. */
const PLAIN_ID = /^[\w-]{1,64}$/;

export function requireFewMembers(count: number): void {
  if (count > MAX_MEMBERS) throw tooMany(`More than ${MAX_MEMBERS} members in one request`);
}

/** The ids of listed members: `{ value }`, a bare id, or a reference; in order, and null for nobody. */
export async function readMemberIds(listed: readonly unknown[]): Promise<readonly string[]> {
  requireFewMembers(listed.length);
  const ids: string[] = [];
  for await (const part of inParts(listed, READ_AT_ONCE)) {
    for (const member of part) if (member !== null) ids.push(readMemberId(member));
  }
  return ids;
}

/** Each once, unless they are so many that finding repeats would hold up everybody else: stated twice is stated once. */
export function distinctIds(ids: readonly string[]): readonly string[] {
  return ids.length > DISTINCT_UP_TO ? ids : [...new Set(ids)];
}

function readMemberId(member: unknown): string {
  const id = isClientObject(member) ? referencedId(member) : member;
  const text = typeof id === 'number' ? String(id) : id;
  if (typeof text === 'string' && PLAIN_ID.test(text)) return text;
  if (typeof text !== 'string' || text === '' || text.length > MAX_ID_LENGTH) {
    throw valueFault('Every member needs the id of a user as its value');
  }
  if (text.includes('\0') || !text.isWellFormed())
    throw valueFault('A member id holds a character that no id has');
  return text;
}
