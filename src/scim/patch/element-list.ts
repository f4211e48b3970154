import type { JsonObject, JsonValue } from '../../directory/json.ts';
import type { CatalogueAttribute } from '../catalogue.ts';
import { isJsonObject, MAX_VALUES } from '../read-value.ts';
import { tooMany } from '../value-fault.ts';

/**
 * The list with identical elements stored once and at most one of them primary. `brought` are the elements of this
 * write: a primary among them takes the place of the old one, the last of several wins (RFC 7644 §3.5.2).
 */
export function settleElements(
  attribute: CatalogueAttribute,
  elements: readonly JsonValue[],
  brought: ReadonlySet<JsonValue>,
): readonly JsonValue[] {
  const positions = new Map<string, number>();
  const settled: JsonValue[] = [];
  const fresh = new Set<number>();
  for (const element of elements) {
    const key = elementKey(attribute, element);
    const position = positions.get(key) ?? settled.length;
    const known = settled[position];
    settled[position] = known === undefined ? element : mergeElements(known, element);
    positions.set(key, position);
    if (brought.has(element)) fresh.add(position);
  }
  if (settled.length > MAX_VALUES)
    throw tooMany(`${attribute.name} would have more than ${MAX_VALUES} values`);
  return withOnePrimary(settled, fresh);
}

function mergeElements(known: JsonValue, added: JsonValue): JsonValue {
  return isJsonObject(known) && isJsonObject(added) ? { ...known, ...added } : added;
}

/** What makes two elements the same: type and value, or everything but `primary` where there is no value. */
function elementKey(attribute: CatalogueAttribute, element: JsonValue): string {
  if (!isJsonObject(element)) return JSON.stringify(element);
  if (element.value !== undefined) return JSON.stringify([element.type ?? null, element.value]);
  const parts = attribute.subAttributes
    .filter((sub) => sub.name !== 'primary')
    .map((sub) => element[sub.name] ?? null);
  return JSON.stringify({ parts });
}

function withOnePrimary(elements: readonly JsonValue[], fresh: ReadonlySet<number>): readonly JsonValue[] {
  const primaries = elements.flatMap((element, position) => (isPrimary(element) ? [position] : []));
  if (primaries.length < 2) return elements;
  const winner = primaries.findLast((position) => fresh.has(position)) ?? primaries.at(-1);
  return elements.map((element, position) =>
    isPrimary(element) && position !== winner ? { ...element, primary: false } : element,
  );
}

function isPrimary(element: JsonValue): element is JsonObject {
  return isJsonObject(element) && element.primary === true;
}

/** Whether a listed value means this stored element: same value (and type, where given), or every part it names. */
export function makeValueMatcher(values: readonly JsonValue[]): (element: JsonValue) => boolean {
  const byKey = new Set<string>();
  const partial: JsonObject[] = [];
  for (const value of values) {
    if (!isJsonObject(value)) byKey.add(JSON.stringify(value));
    else if (value.value !== undefined) byKey.add(JSON.stringify([value.type ?? null, value.value]));
    else if (Object.keys(value).length > 0) partial.push(value);
  }
  return (element) => {
    if (!isJsonObject(element)) return byKey.has(JSON.stringify(element));
    return (
      byKey.has(JSON.stringify([null, element.value ?? null])) ||
      byKey.has(JSON.stringify([element.type ?? null, element.value ?? null])) ||
      partial.some((part) => Object.entries(part).every(([name, wanted]) => element[name] === wanted))
    );
  };
}
