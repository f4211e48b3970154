import type { Catalogue } from '../catalogue.ts';
import { SEARCH_REQUEST_URN } from '../protocol/message-urns.ts';
import { Projection, readNames } from '../protocol/projection.ts';
import {
  invalidSyntax,
  readMessage,
  readNumber,
  readText,
  type ScimMessage,
} from '../protocol/scim-message.ts';
import { qualifyNames } from '../qualify-names.ts';
import { type ListRequest, readListRequest } from '../resources/list-request.ts';

export interface Search {
  readonly request: ListRequest;
  readonly projection: Projection;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** An array by the RFC, a comma-separated string by some clients. */
function readNameList(message: ScimMessage, name: string): readonly string[] | null {
  const value = message.member(name) ?? null;
  if (value === null || isText(value)) return readNames(value);
  if (!Array.isArray(value) || !value.every(isText))
    throw invalidSyntax(`${name} must be an array of strings`);
  return readNames(value);
}

/** RFC 7644 §3.4.3, RFC 9865 §3. */
export function readSearch(body: unknown, catalogue: Catalogue): Search {
  const message = readMessage(body, SEARCH_REQUEST_URN);
  return {
    request: readListRequest({
      filter: readText(message, 'filter'),
      sortBy: readText(message, 'sortBy'),
      sortOrder: readText(message, 'sortOrder'),
      startIndex: readNumber(message, 'startIndex'),
      count: readNumber(message, 'count'),
      cursor: readText(message, 'cursor'),
    }),
    projection: new Projection(
      qualifyNames(readNameList(message, 'attributes'), catalogue),
      qualifyNames(readNameList(message, 'excludedAttributes'), catalogue),
    ),
  };
}
