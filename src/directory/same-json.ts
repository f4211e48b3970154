import type { JsonValue } from './json.ts';

const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);

/** Equality of JSON values; the order of object members does not count, the order of list elements does. */
export function sameJson(left: JsonValue, right: JsonValue): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (isList(left) || isList(right)) {
    return (
      isList(left) &&
      isList(right) &&
      left.length === right.length &&
      left.every((it, i) => sameJson(it, right[i] ?? null))
    );
  }
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => {
    const [mine, theirs] = [left[name], right[name]];
    return mine !== undefined && theirs !== undefined && sameJson(mine, theirs);
  });
}
