import type { GroupContent } from '../directory/directory-group.ts';
import type { Catalogue } from './catalogue.ts';
import { draftOfGroup, groupOfDraft } from './group-draft.ts';
import { keepImmutable } from './immutable.ts';
import { MemberRequests } from './patch/member-requests.ts';
import { readResourceBody } from './read-resource-body.ts';

export interface ReadGroup {
  readonly content: GroupContent;
  /** Null when the body says nothing about members: a PUT then keeps the membership. */
  readonly memberIds: readonly string[] | null;
}

/** Reads the body of a POST or PUT of a group, RFC 7644 §3.3 and §3.5.1. */
export async function readGroup(body: unknown, catalogue: Catalogue): Promise<ReadGroup> {
  const { draft, steps } = readResourceBody(body, 'Group', catalogue);
  const content = groupOfDraft(draft);
  const members = new MemberRequests();
  for (const step of steps) if (step.kind === 'members') members.add(step.request);
  const stated = (await members.read()).at(-1);
  return { content, memberIds: stated === undefined || stated.kind === 'removeWhere' ? null : stated.ids };
}

/** What a PUT makes of the stored group: the content it brings, and immutable values as they are. */
export function replaceGroup(
  content: GroupContent,
  current: GroupContent,
  catalogue: Catalogue,
): GroupContent {
  const draft = draftOfGroup(content);
  keepImmutable(draft, draftOfGroup(current), 'Group', catalogue);
  return groupOfDraft(draft);
}
