import { type Answer, jsonAnswer } from './answer.ts';
import type { DirectoryObject } from './directory-object.ts';
import { type GraphCall, ODATA } from './graph-call.ts';
import { badRequest } from './graph-error.ts';
import { readFilter } from './odata-filter.ts';

const DEFAULT_PAGE = 100;

export interface ListSource {
  /** In a lasting order; the page token is a position in it. */
  readonly ids: readonly string[];
  readonly resolve: (id: string) => DirectoryObject | undefined;
  readonly represent: (object: DirectoryObject) => object;
  /** After `$metadata#`. */
  readonly context: string;
}

/** One page of a list, with its filter, order, size, count and the link to the next. */
export function listAnswer(call: GraphCall, source: ListSource): Answer {
  const { query } = call;
  const top = query.top() ?? DEFAULT_PAGE;
  const matches = matcherOf(call);
  const ids = sortedIds(call, source);
  const start = startOf(call);
  const value: object[] = [];
  let position = start;
  for (; position < ids.length && value.length < top; position += 1) {
    const object = source.resolve(ids[position] ?? '');
    if (object && matches(object)) value.push(source.represent(object));
  }
  const hasMore = hasMatch(ids, position, source, matches);
  return jsonAnswer(
    200,
    {
      '@odata.context': `${call.root}/$metadata#${source.context}`,
      ...(query.wantsCount && start === 0 ? { '@odata.count': countMatches(ids, source, matches) } : {}),
      ...(hasMore ? { '@odata.nextLink': nextLink(call, position) } : {}),
      value,
    },
    ODATA,
  );
}

/** The plain number that `/$count` answers. */
export function countAnswer(call: GraphCall, source: Pick<ListSource, 'ids' | 'resolve'>): Answer {
  const count = countMatches(source.ids, source, matcherOf(call));
  return {
    status: 200,
    headers: { 'content-type': 'text/plain', 'odata-version': '4.0' },
    body: String(count),
  };
}

type Matcher = (object: DirectoryObject) => boolean;

function matcherOf({ query }: GraphCall): Matcher {
  const filter = readFilter(query.get('filter')) ?? (() => true);
  const search = query.get('search');
  if (search === undefined) return filter;
  const [, property = '', text = ''] = /^"(\w+):([^"]*)"$/.exec(search) ?? [];
  if (property === '') throw badRequest('A search looks like "displayName:text".');
  const words = text.toLowerCase();
  return (object) =>
    filter(object) &&
    String(object.properties[property] ?? '')
      .toLowerCase()
      .includes(words);
}

function hasMatch(
  ids: readonly string[],
  from: number,
  { resolve }: Pick<ListSource, 'resolve'>,
  matches: Matcher,
): boolean {
  for (let position = from; position < ids.length; position += 1) {
    const object = resolve(ids[position] ?? '');
    if (object && matches(object)) return true;
  }
  return false;
}

function countMatches(
  ids: readonly string[],
  { resolve }: Pick<ListSource, 'resolve'>,
  matches: Matcher,
): number {
  let count = 0;
  for (const id of ids) {
    const object = resolve(id);
    if (object && matches(object)) count += 1;
  }
  return count;
}

function sortedIds({ query }: GraphCall, { ids, resolve }: ListSource): readonly string[] {
  const order = query.get('orderby');
  if (order === undefined) return ids;
  const [property = '', direction] = order.trim().split(/\s+/);
  const keyOf = (id: string): string => {
    const object = resolve(id);
    const value = property === 'deletedDateTime' ? object?.deletedAt : object?.properties[property];
    return String(value ?? '').toLowerCase();
  };
  const sorted = ids
    .map((id) => ({ id, key: keyOf(id) }))
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  const result = sorted.map(({ id }) => id);
  return direction?.toLowerCase() === 'desc' ? result.reverse() : result;
}

interface ListToken {
  readonly path: string;
  readonly position: number;
}

function startOf({ query, world, path }: GraphCall): number {
  const text = query.get('skiptoken');
  if (text === undefined) return 0;
  const content = world.tokens.read(text);
  const isOurs = typeof content === 'object' && content !== null && 'position' in content;
  // Nobody but nextLink can have sealed it.
  const token = isOurs ? (content as ListToken) : undefined;
  if (token?.path !== path) throw badRequest('The skip token is not valid.');
  return token.position;
}

function nextLink({ root, path, query, world }: GraphCall, position: number): string {
  const token: ListToken = { path, position };
  const others = query.raw.split('&').filter((part) => part !== '' && !/^(\$|%24)?skiptoken=/i.test(part));
  return `${root}/${path}?${[...others, `$skiptoken=${world.tokens.write(token)}`].join('&')}`;
}
