import type { GroupMember } from './directory-group.ts';

/** Members in id order. An array is one; those of a very large group are read part by part. */
export interface MemberList {
  readonly length: number;
  readonly slice: (from: number, to: number) => readonly GroupMember[];
}
