import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse } from 'node:querystring';
import { queryTextOf } from './request-path.ts';

/** Null-prototype; a name that came more than once holds an array. */
export type StableQuery = Readonly<Record<string, string | readonly string[]>>;

export type QueryLimits = {
  /** In characters as sent, before decoding. */
  readonly maxLength?: number;
  readonly maxNames?: number;
};

export class QueryError extends Error {
  readonly kind: 'too-long' | 'too-many-names';

  constructor(kind: QueryError['kind'], detail: string) {
    super(detail);
    this.name = 'QueryError';
    this.kind = kind;
  }
}

const nothingAsked: StableQuery = Object.freeze(Object.create(null));
const UNSAFE_NAMES = ['__proto__', 'constructor', 'prototype'];

/** Throws a QueryError; names that reach a prototype are dropped. */
export function readQuery(text: string, { maxLength = 8192, maxNames = 100 }: QueryLimits = {}): StableQuery {
  if (text === '') return nothingAsked;
  if (text.length > maxLength) {
    throw new QueryError('too-long', `The query has ${text.length} characters; ${maxLength} are allowed`);
  }
  if (text.split('&', maxNames + 1).length > maxNames) {
    throw new QueryError('too-many-names', `The query has more than ${maxNames} parameters`);
  }
  const read = parse(text, '&', '=', { maxKeys: 0 });
  const query: Record<string, string | readonly string[]> = Object.create(null);
  for (const [name, value] of Object.entries(read)) {
    if (value !== undefined && !UNSAFE_NAMES.includes(name)) query[name] = value;
  }
  return query;
}

/**
 * Express 5 parses the query anew at every read of `request.query`, so what one handler puts there is lost to the
 * next one (scimmy-routers casts `startIndex` and `count` in place). This pins one copy as an own property.
 */
export function pinQuery(limits: QueryLimits = {}) {
  return function pin(request: IncomingMessage, _response: ServerResponse, next: (error?: unknown) => void) {
    try {
      Object.defineProperty(request, 'query', {
        value: Object.assign(Object.create(null), readQuery(queryTextOf(request), limits)),
        writable: true,
        configurable: true,
        enumerable: true,
      });
    } catch (error) {
      return next(error);
    }
    next();
  };
}
