import { GraphError } from '../operations/tenants/graph-ports.ts';

/** A JSON object of an answer, of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An answer that is not as documented: `where` says what was being read, never a value. */
export function unexpected(where: string, cause?: unknown): GraphError {
  return new GraphError(
    'unexpected',
    `Microsoft Graph gave an answer that cannot be understood: ${where}. Nothing was changed. If it happens again, ` +
      'look into the log for the request id and ask Microsoft support.',
    cause === undefined ? {} : { cause },
  );
}

export function readFields(value: unknown, where: string): Fields {
  if (isFields(value)) return value;
  throw unexpected(`${where} is no object`);
}

export function readList(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw unexpected(`${where} is no list`);
}

/** Own properties only: a name such as `constructor` in a body is a name like any other. */
export const has = (fields: Fields, name: string): boolean => Object.hasOwn(fields, name);

const fieldOf = (fields: Fields, name: string): unknown => (has(fields, name) ? fields[name] : undefined);

export function readText(fields: Fields, name: string): string {
  const value = fieldOf(fields, name);
  if (typeof value === 'string' && value !== '') return value;
  throw unexpected(`${name} is no text`);
}

/** Absent and null are the same here; where they differ, ask `has` first. */
export function readOptionalText(fields: Fields, name: string): string | null {
  const value = fieldOf(fields, name);
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  throw unexpected(`${name} is no text`);
}

export function readOptionalBoolean(fields: Fields, name: string): boolean | null {
  const value = fieldOf(fields, name);
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value;
  throw unexpected(`${name} is neither true nor false`);
}

export function readTexts(fields: Fields, name: string): readonly string[] {
  const value = fieldOf(fields, name);
  if (value === undefined || value === null) return [];
  return readList(value, name).map((item) => {
    if (typeof item === 'string') return item;
    throw unexpected(`${name} holds something else than texts`);
  });
}

/** Longer than any identifier of the directory, short enough for a key. */
const MAX_ID = 128;

/** Object ids are opaque; they are compared in lower case everywhere. */
export function readObjectId(fields: Fields, name = 'id'): string {
  const id = readText(fields, name);
  if (id.length > MAX_ID) throw unexpected(`${name} is too long`);
  return id.toLowerCase();
}

export const readValueList = (body: unknown, where: string): readonly Fields[] =>
  readList(fieldOf(readFields(body, where), 'value'), `value of ${where}`).map((item) =>
    readFields(item, `an item of ${where}`),
  );
