import type { GroupContent } from '../directory/directory-group.ts';
import { OperationError } from '../operations/operation-error.ts';
import type { Catalogue } from './catalogue.ts';

export interface ReadGroup {
  readonly content: GroupContent;
  /** Null when the body says nothing about members: a PUT then keeps the membership. */
  readonly memberIds: readonly string[] | null;
}

/** Reads the body of a POST or PUT of a group, RFC 7644 §3.3 and §3.5.1. */
export function readGroup(body: unknown, catalogue: Catalogue): ReadGroup {
  throw new OperationError('invalid', `No reader for ${typeof body} ${catalogue.schemas.length}`);
}
