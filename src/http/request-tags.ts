import type { IncomingMessage } from 'node:http';

/** What only the authenticating adapter knows about a request, for its log line. */
export type RequestTags = {
  readonly organizationId?: string;
  readonly connectionId?: string;
};

const tags = new WeakMap<IncomingMessage, RequestTags>();

export function tagRequest(request: IncomingMessage, added: RequestTags): void {
  tags.set(request, { ...tags.get(request), ...added });
}

export function tagsOf(request: IncomingMessage): RequestTags {
  return tags.get(request) ?? {};
}
