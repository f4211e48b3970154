import type { AttributePath } from '../../operations/resource-query.ts';
import type { Parameters } from './parameters.ts';

/** One value of a row in SQL; every expression is null where the resource has none. */
export interface Scalar {
  readonly text: string;
  /** A column that holds the text in lower case, when there is one; it may be indexed. */
  readonly folded?: string;
  /** The value in its own type, for columns that are not text. */
  readonly native?: { readonly type: 'uuid' | 'boolean' | 'timestamptz'; readonly sql: string };
  /** The value as jsonb, for those that are stored so. */
  readonly json?: string;
  readonly isRequired?: boolean;
}

export const textColumn = (sql: string, folded?: string): Scalar =>
  folded === undefined ? { text: sql } : { text: sql, folded };

export const nativeColumn = (type: 'uuid' | 'boolean' | 'timestamptz', sql: string): Scalar => ({
  text: `${sql}::text`,
  native: { type, sql },
  isRequired: true,
});

/** A part of a JSON value: the value itself where `name` is null. */
export function jsonPart(json: string, name: string | null, parameters: Parameters): Scalar {
  if (name === null) return { json, text: `(${json} #>> '{}')` };
  const key = parameters.bind(name, 'text');
  return { json: `(${json} -> ${key})`, text: `(${json} ->> ${key})` };
}

/** A stored attribute as jsonb. Names come from the schema catalogue, and are bound all the same. */
export function attributeJson(column: string, path: AttributePath, parameters: Parameters): string {
  const holder = path.extension === null ? column : `${column} -> ${parameters.bind(path.extension, 'text')}`;
  return `(${holder} -> ${parameters.bind(path.attribute, 'text')})`;
}

export const number = (scalar: Scalar): string => {
  const json = scalar.json ?? 'null::jsonb';
  return `(case when jsonb_typeof(${json}) = 'number' then (${json} #>> '{}')::numeric end)`;
};

/** Never fails on a stored text that is no date. */
export const instant = (scalar: Scalar): string =>
  scalar.native?.type === 'timestamptz' ? scalar.native.sql : `date_time_or_null(${scalar.text})`;

export const truth = (scalar: Scalar): string =>
  scalar.native?.type === 'boolean'
    ? scalar.native.sql
    : `(case ${scalar.json ?? 'null::jsonb'} when 'true'::jsonb then true when 'false'::jsonb then false end)`;

/** The text as the attribute compares it. */
export const comparableText = (scalar: Scalar, caseExact: boolean): string =>
  caseExact ? scalar.text : (scalar.folded ?? `lower(${scalar.text})`);
