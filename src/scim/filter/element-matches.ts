import type { JsonValue } from '../../directory/json.ts';
import type { AttributePath, ComparisonOperator, ResourceFilter } from '../../operations/resource-query.ts';
import { normaliseDateTime } from '../date-time.ts';

type Comparable = string | number | boolean | null;

/** Whether one element of a multi-valued attribute satisfies the condition of a value path. */
export function elementMatches(element: JsonValue, where: ResourceFilter): boolean {
  switch (where.kind) {
    case 'all':
      return where.of.every((part) => elementMatches(element, part));
    case 'any':
      return where.of.some((part) => elementMatches(element, part));
    case 'not':
      return !elementMatches(element, where.of);
    case 'present':
      return comparable(element, where.path) !== null;
    case 'compare':
      return compare(
        comparable(element, where.path),
        where.operator,
        comparableText(where.value, where.path),
      );
    case 'element':
      return elementMatches(element, where.where);
  }
}

/** The part of the element that is compared, folded where the attribute ignores case; null when it has none. */
function comparable(element: JsonValue, path: AttributePath): Comparable {
  const value = path.subAttribute === null ? element : ownPart(element, path.subAttribute);
  if (value === '' || typeof value === 'object' || value === undefined) return null;
  return comparableText(value, path);
}

function ownPart(element: JsonValue, name: string): JsonValue | undefined {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) return undefined;
  return Object.hasOwn(element, name) ? Reflect.get(element, name) : undefined;
}

function comparableText(value: Comparable, path: AttributePath): Comparable {
  if (typeof value !== 'string') return value;
  if (path.type === 'dateTime') return Date.parse(normaliseDateTime(value) ?? '');
  return path.caseExact ? value : value.toLowerCase();
}

function compare(actual: Comparable, operator: ComparisonOperator, wanted: Comparable): boolean {
  if (operator === 'eq') return actual === wanted;
  if (operator === 'ne') return actual !== wanted;
  if (actual === null || wanted === null) return false;
  switch (operator) {
    case 'co':
      return String(actual).includes(String(wanted));
    case 'sw':
      return String(actual).startsWith(String(wanted));
    case 'ew':
      return String(actual).endsWith(String(wanted));
    case 'gt':
      return actual > wanted;
    case 'ge':
      return actual >= wanted;
    case 'lt':
      return actual < wanted;
    case 'le':
      return actual <= wanted;
  }
}

/** How many comparisons a condition makes per element. */
export function conditionSize(where: ResourceFilter): number {
  switch (where.kind) {
    case 'all':
    case 'any':
      return where.of.reduce((size, part) => size + conditionSize(part), 0);
    case 'not':
      return conditionSize(where.of);
    case 'element':
      return conditionSize(where.where);
    default:
      return 1;
  }
}
