import type { GroupMember } from '../directory/directory-group.ts';
import type { MemberList } from '../directory/member-list.ts';

/** So many members stand in one text. */
export const membersPerPart = 1000;

/**
 * The members of a group as the texts that the database sent, each a JSON array of so many. A text takes a fifth of the
 * memory of what it says and is read when it is asked for, so that 100,000 members neither fill the memory nor hold up
 * the event loop.
 */
export class StoredMembers implements MemberList {
  readonly length: number;
  readonly #parts: readonly string[];
  #read: { readonly index: number; readonly members: readonly GroupMember[] } | null = null;

  constructor(parts: readonly string[], length: number) {
    this.#parts = parts;
    this.length = length;
  }

  slice(from: number, to: number): readonly GroupMember[] {
    const found: GroupMember[] = [];
    const end = Math.min(to, this.length);
    for (let at = Math.max(from, 0); at < end; ) {
      const index = Math.floor(at / membersPerPart);
      const start = index * membersPerPart;
      const members = this.#part(index).slice(at - start, end - start);
      found.push(...members);
      at = start + membersPerPart;
    }
    return found;
  }

  /** Parts are asked for in order and more than once. */
  #part(index: number): readonly GroupMember[] {
    if (this.#read?.index !== index) {
      this.#read = { index, members: JSON.parse(this.#parts[index] ?? '[]') };
    }
    return this.#read.members;
  }
}
