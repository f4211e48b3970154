import type { GroupContent } from '../directory/directory-group.ts';
import type { Catalogue } from './catalogue.ts';
import { draftOfGroup, groupOfDraft } from './group-draft.ts';
import { keepImmutable } from './immutable.ts';
import { readResourceBody } from './read-resource-body.ts';

export interface ReadGroup {
  readonly content: GroupContent;
  /** Null when the body says nothing about members: a PUT then keeps the membership. */
  readonly memberIds: readonly string[] | null;
}

/** Reads the body of a POST or PUT of a group, RFC 7644 §3.3 and §3.5.1. */
export function readGroup(body: unknown, catalogue: Catalogue): ReadGroup {
  const { draft, steps } = readResourceBody(body, 'Group', catalogue);
  const stated = steps.flatMap((step) =>
    step.kind === 'members' && step.step.kind !== 'removeWhere' ? [step.step] : [],
  );
  return {
    content: groupOfDraft(draft),
    memberIds: stated.at(-1)?.ids ?? null,
  };
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
