import { type DirectoryObject, KNOWN_PROPERTIES } from './directory-object.ts';
import { unknownProperty, unsupportedQuery } from './graph-error.ts';

type Condition = (object: DirectoryObject) => boolean;

const TERM =
  /^(?:startswith\((?<prefixed>\w+),\s*'(?<prefix>(?:[^']|'')*)'\)|(?<listed>\w+) in \((?<list>[^)]*)\)|(?<name>\w+) eq (?:'(?<text>(?:[^']|'')*)'|(?<literal>true|false|null)))$/i;

/** `eq`, `in` and `startswith`, joined by `and`: what a client of users and groups asks for. */
export function readFilter(text: string | undefined): Condition | undefined {
  if (text === undefined) return undefined;
  const conditions = text.split(/\s+and\s+/i).map(readTerm);
  return (object) => conditions.every((holds) => holds(object));
}

function readTerm(text: string): Condition {
  const found = TERM.exec(text.trim())?.groups;
  if (!found) throw unsupportedQuery(`The filter '${text}' is not supported.`);
  const { prefixed, prefix = '', listed, list = '', name = '', text: value, literal } = found;
  if (prefixed !== undefined) {
    const start = unquote(prefix).toLowerCase();
    return (object) => folded(propertyOf(object, prefixed)).startsWith(start);
  }
  if (listed !== undefined) {
    const values = new Set(list.split(',').map((item) => unquote(item.trim().slice(1, -1)).toLowerCase()));
    return (object) => values.has(folded(propertyOf(object, listed)));
  }
  if (literal !== undefined) {
    const expected: unknown = JSON.parse(literal.toLowerCase());
    return (object) => (propertyOf(object, name) ?? null) === expected;
  }
  const expected = unquote(value ?? '').toLowerCase();
  return (object) => folded(propertyOf(object, name)) === expected;
}

function unquote(text: string): string {
  return text.replaceAll("''", "'");
}

function folded(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : '';
}

function propertyOf(object: DirectoryObject, name: string): unknown {
  if (name === 'id') return object.id;
  if (!KNOWN_PROPERTIES[object.type].has(name)) throw unknownProperty(name, object.type);
  return object.properties[name];
}

/** The filter of a delta query: object ids joined by `or`, nothing else. */
export function readIdFilter(text: string): readonly string[] {
  return text.split(/\s+or\s+/i).map((term) => {
    const id = /^\s*\(?\s*id\s+eq\s+'([^']+)'\s*\)?\s*$/i.exec(term)?.[1];
    if (id === undefined) throw unsupportedQuery('A delta query is filtered by object id only.');
    return id;
  });
}
