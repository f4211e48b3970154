import { isClientObject } from './json-body.ts';
import { isCleared } from './patch/clients/entra-empty-clears.ts';
import { referencedId } from './patch/clients/entra-reference-shapes.ts';
import { wrapInArray } from './patch/clients/onelogin-object-for-array.ts';
import { tooMany, valueFault } from './value-fault.ts';

export const MAX_MEMBERS = 100_000;
const MAX_ID_LENGTH = 256;
const DISTINCT_UP_TO = 10_000;
/** What all but a few are, so that 100,000 of them are read in no time. */
const PLAIN_ID = /^[\w-]{1,64}$/;

/**
 * The ids in a list of members: `{ value }`, a bare id, or a reference; in order and each once, unless they are so many that
 * finding repeats would hold up everybody else. A membership is stated once, however often it is named.
 */
export function readMemberIds(raw: unknown): readonly string[] {
  if (isCleared(raw)) return [];
  const list = wrapInArray(raw);
  if (list.length > MAX_MEMBERS) throw tooMany(`More than ${MAX_MEMBERS} members in one request`);
  const ids: string[] = [];
  for (const member of list) if (member !== null) ids.push(readMemberId(member));
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
