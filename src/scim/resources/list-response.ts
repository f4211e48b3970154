import type { ResourcePage } from '../../operations/resource-query.ts';
import { Answer } from '../protocol/answer.ts';
import type { AnswerObject } from '../protocol/answer-value.ts';
import { JsonText } from '../protocol/json-text.ts';
import { LIST_RESPONSE_URN } from '../protocol/message-urns.ts';

export interface ListResult {
  readonly total: number;
  readonly resources: readonly (AnswerObject | JsonText)[];
  readonly nextCursor: string | null;
}

const isAllText = (resources: ListResult['resources']): resources is readonly JsonText[] =>
  resources.every((resource) => resource instanceof JsonText);

/**
 * RFC 7644 §3.4.2, exactly these members. With a cursor there is no index to tell (RFC 9865 §2), and a missing
 * `nextCursor` says that this was the last page.
 */
export function answerList(page: ResourcePage, { total, resources, nextCursor }: ListResult): Answer {
  const cursor = nextCursor === null ? {} : { nextCursor };
  const head = {
    schemas: [LIST_RESPONSE_URN],
    totalResults: total,
    ...(page.kind === 'index' ? { startIndex: page.startIndex } : cursor),
    itemsPerPage: resources.length,
  };
  const body = isAllText(resources) ? writeList(head, resources) : { ...head, Resources: resources };
  return new Answer(200, { body });
}

function writeList(head: AnswerObject, resources: readonly JsonText[]): string {
  let text = `${JSON.stringify(head).slice(0, -1)},"Resources":[`;
  for (const [index, resource] of resources.entries())
    text += index === 0 ? resource.text : `,${resource.text}`;
  return `${text}]}`;
}
