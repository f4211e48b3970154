import { isDeepStrictEqual } from 'node:util';
import { valueAt } from './wire-path.ts';

/** What a check looks at besides the value under its path. */
export interface CheckSurroundings {
  /** The whole that the path leads into. */
  readonly root: unknown;
  /** The value under the same path before the request. */
  readonly before?: unknown;
  /** The value under the same path in the first page of the same list. */
  readonly firstPage?: unknown;
}

/** Null when the value is as expected, otherwise what was expected, in words. */
type Operator = (actual: unknown, expected: unknown, surroundings: CheckSurroundings) => string | null;

const show = (value: unknown): string => JSON.stringify(value) ?? 'nothing';
const same = (one: unknown, other: unknown): boolean => isDeepStrictEqual(one, other);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const has = (list: readonly unknown[], wanted: unknown): boolean => list.some((item) => same(item, wanted));
const isAbsent = (value: unknown): boolean => value === undefined;
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);

function when(holds: boolean, expectation: string): string | null {
  return holds ? null : expectation;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function isOfType(value: unknown, type: unknown): boolean {
  return typeOf(value) === type || (type === 'number' && typeof value === 'number');
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  // An attribute that is not there has no values, RFC 7643 §2.5.
  return value === undefined || value === null ? 0 : Number.NaN;
}

function compare(actual: unknown, holds: (actual: number) => boolean): boolean {
  return typeof actual === 'number' && holds(actual);
}

const operators: Readonly<Record<string, Operator>> = {
  eq: (actual, expected) => when(same(actual, expected), show(expected)),
  neq: (actual, expected) => when(!same(actual, expected), `anything but ${show(expected)}`),
  in: (actual, expected) => when(has(listOf(expected), actual), `one of ${show(expected)}`),
  eqOneOf: (actual, expected) => when(has(listOf(expected), actual), `one of ${show(expected)}`),
  includes: (actual, expected) => when(has(listOf(actual), expected), `a list with ${show(expected)}`),
  includesAll: (actual, expected) =>
    when(
      listOf(expected).every((item) => has(listOf(actual), item)),
      `a list with all of ${show(expected)}`,
    ),
  includesAny: (actual, expected) =>
    when(
      listOf(expected).some((item) => has(listOf(actual), item)),
      `a list with any of ${show(expected)}`,
    ),
  notIncludes: (actual, expected) => when(!has(listOf(actual), expected), `a list without ${show(expected)}`),
  contains: (actual, expected) =>
    when(String(actual ?? '').includes(String(expected)), `a text with ${show(expected)}`),
  setEq: (actual, expected) =>
    when(
      lengthOf(actual) === lengthOf(expected) && listOf(expected).every((item) => has(listOf(actual), item)),
      `exactly ${show(expected)} in any order`,
    ),
  lenEq: (actual, expected) => when(lengthOf(actual) === expected, `${show(expected)} elements`),
  lenLte: (actual, expected) =>
    when(lengthOf(actual) <= Number(expected), `at most ${show(expected)} elements`),
  minLen: (actual, expected) =>
    when(lengthOf(actual) >= Number(expected), `at least ${show(expected)} elements`),
  gte: (actual, expected) =>
    when(
      compare(actual, (number) => number >= Number(expected)),
      `a number from ${show(expected)} up`,
    ),
  lte: (actual, expected) =>
    when(
      compare(actual, (number) => number <= Number(expected)),
      `a number up to ${show(expected)}`,
    ),
  between: (actual, expected) => {
    const [low, high] = listOf(expected);
    const holds = compare(actual, (number) => number >= Number(low) && number <= Number(high));
    return when(holds, `a number from ${show(low)} to ${show(high)}`);
  },
  type: (actual, expected) => when(isOfType(actual, expected), `a value of type ${expected}`),
  typeIfPresent: (actual, expected) =>
    when(isAbsent(actual) || isOfType(actual, expected), `nothing or a value of type ${expected}`),
  exists: (actual) => when(!isAbsent(actual) && actual !== null, 'a value'),
  existsOr: (actual, expected, { root }) =>
    when(!isAbsent(actual) || !isAbsent(valueAt(root, String(expected))), `a value here or at ${expected}`),
  absent: (actual) => when(isAbsent(actual), 'nothing'),
  absentOrEmpty: (actual) => when(isEmpty(actual), 'nothing or something empty'),
  allAbsent: (actual) => when(listOf(actual).every(isAbsent), 'nothing in any element'),
  noneNull: (actual) => when(!listOf(actual).includes(null), 'no null in any element'),
  regex: (actual, expected) =>
    when(
      typeof actual === 'string' && new RegExp(String(expected)).test(actual),
      `a text like /${expected}/`,
    ),
  startsWith: (actual, expected) =>
    when(String(actual ?? '').startsWith(String(expected)), `a text that starts with ${show(expected)}`),
  endsWithId: (actual, _expected, { root }) => {
    const id = valueAt(root, 'id');
    return when(
      typeof id === 'string' && String(actual ?? '').endsWith(`/${id}`),
      `an address that ends with ${id}`,
    );
  },
  changed: (actual, _expected, { before }) => when(!same(actual, before), `anything but ${show(before)}`),
  unchanged: (actual, _expected, { before }) => when(same(actual, before), `${show(before)} as before`),
  decreased: (actual, _expected, { before }) =>
    when(
      compare(actual, (number) => number < Number(before)),
      `less than ${show(before)}`,
    ),
  disjointFromPage1: (actual, _expected, { firstPage }) =>
    when(
      listOf(actual).length > 0 && !listOf(actual).some((item) => has(listOf(firstPage), item)),
      'elements that are not on the first page',
    ),
};

export const operatorNames: readonly string[] = Object.keys(operators);

/** A failure in words: where, what was expected, what was found; null when the check holds. */
export function runCheck(
  { path, op, value }: { readonly path: string; readonly op: string; readonly value?: unknown },
  surroundings: CheckSurroundings,
): string | null {
  const operator = Object.hasOwn(operators, op) ? operators[op] : undefined;
  if (operator === undefined) return `${path}: unknown operator ${op}`;
  const actual = valueAt(surroundings.root, path);
  const expectation = operator(actual, value, surroundings);
  return expectation === null ? null : `${path}: expected ${expectation}, got ${show(actual).slice(0, 500)}`;
}
