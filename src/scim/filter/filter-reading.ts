import type { ComparisonOperator, ResourceFilter, ResourceKind } from '../../operations/resource-query.ts';
import type { Catalogue, CatalogueAttribute } from '../catalogue.ts';
import { resolveName } from '../resolve-name.ts';
import { comparisonPath, elementPath, isSearchable } from './attribute-path.ts';
import { clip, type FilterReason, filterFault } from './filter-fault.ts';
import { type FilterLiteral, readLiteral, typedValue } from './filter-literal.ts';
import type { FilterScanner } from './filter-scanner.ts';
import { compareSchemas, everyone, isSchemasName } from './schemas-filter.ts';

export interface FilterReading {
  readonly scanner: FilterScanner;
  readonly kind: ResourceKind;
  readonly catalogue: Catalogue;
  readonly reason: FilterReason;
  /** In a search across types: the type whose attributes are understood too, as ones without a value here. */
  readonly foreign: ResourceKind | null;
  /** Inside brackets: names are sub-attributes of this attribute. */
  readonly within: CatalogueAttribute | null;
  readonly used: { depth: number; nodes: number };
}

interface Target {
  readonly attribute: CatalogueAttribute;
  readonly sub: CatalogueAttribute | null;
}

const MAX_DEPTH = 32;
const MAX_NODES = 256;
const operators: ReadonlySet<string> = new Set(['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']);

/** `or` binds weakest, then `and`, then `not` and groups (RFC 7644 §3.4.2.2). */
export function readAlternatives(reading: FilterReading): ResourceFilter {
  return join(
    'any',
    readChain(reading, 'or', (inner) => join('all', readChain(inner, 'and', readTerm))),
  );
}

function readChain(
  reading: FilterReading,
  keyword: 'and' | 'or',
  readPart: (reading: FilterReading) => ResourceFilter,
): readonly ResourceFilter[] {
  const parts = [readPart(reading)];
  reading.scanner.skipSpaces();
  while (reading.scanner.takeKeyword(keyword)) {
    parts.push(readPart(reading));
    reading.scanner.skipSpaces();
  }
  return parts;
}

function join(kind: 'all' | 'any', of: readonly ResourceFilter[]): ResourceFilter {
  const [first] = of;
  return of.length === 1 && first !== undefined ? first : { kind, of };
}

function readTerm(reading: FilterReading): ResourceFilter {
  const { scanner } = reading;
  reading.used.nodes += 1;
  if (reading.used.nodes > MAX_NODES) throw filterFault(reading.reason, `More than ${MAX_NODES} conditions`);
  scanner.skipSpaces();
  if (scanner.peek() === '(') return readGroup(reading);
  const name = scanner.word();
  if (name.toLowerCase() === 'not') {
    scanner.skipSpaces();
    if (scanner.peek() === '(') return { kind: 'not', of: readGroup(reading) };
  }
  if (name === '') throw filterFault(reading.reason, `An attribute name is missing at ${scanner.position()}`);
  if (reading.within === null && isSchemasName(name)) return readSchemasComparison(reading);
  if (isForeign(reading, name) && reading.foreign !== null) {
    return withoutValue(readNamed({ ...reading, kind: reading.foreign, foreign: null }, name));
  }
  return readNamed(reading, name);
}

function readNamed(reading: FilterReading, name: string): ResourceFilter {
  if (reading.scanner.peek() === '[') return readValuePath(reading, name);
  return readComparison(reading, resolveTarget(reading, name));
}

const isForeign = (reading: FilterReading, name: string): boolean =>
  reading.within === null && reading.foreign !== null && resolveOutside(reading, name) === null;

/** RFC 7644 §3.4.2.1: an attribute that is not part of a resource type counts as one without a value. */
function withoutValue(filter: ResourceFilter): ResourceFilter {
  switch (filter.kind) {
    case 'all':
    case 'any':
      return { kind: filter.kind, of: filter.of.map(withoutValue) };
    case 'not':
      return { kind: 'not', of: withoutValue(filter.of) };
    case 'compare':
      return { kind: (filter.operator === 'ne') === (filter.value !== null) ? 'all' : 'any', of: [] };
    default:
      return { kind: 'any', of: [] };
  }
}

function readGroup(reading: FilterReading): ResourceFilter {
  return readEnclosed(reading, '(', ')');
}

/** Reads `( … )` or `[ … ]` including both brackets. */
export function readEnclosed(reading: FilterReading, open: '(' | '[', close: ')' | ']'): ResourceFilter {
  const { scanner, used, reason } = reading;
  used.depth += 1;
  if (used.depth > MAX_DEPTH) throw filterFault(reason, `More than ${MAX_DEPTH} levels of brackets`);
  scanner.take(open);
  const inner = readAlternatives(reading);
  scanner.skipSpaces();
  if (!scanner.take(close)) throw filterFault(reason, `"${close}" is missing at ${scanner.position()}`);
  used.depth -= 1;
  return inner;
}

/** `emails[type eq "work" and value co "@"]`, and Entra's `emails[type eq "work"].value eq "x"`. */
function readValuePath(reading: FilterReading, name: string): ResourceFilter {
  const { scanner, reason } = reading;
  const { attribute, sub } = resolveTarget(reading, name);
  if (reading.within !== null || sub !== null || !isBracketable(attribute)) {
    throw filterFault(reason, `${clip(name)} takes no condition in brackets`);
  }
  const inner = readEnclosed({ ...reading, within: attribute }, '[', ']');
  const parts = inner.kind === 'all' ? [...inner.of] : [inner];
  if (scanner.take('.')) {
    const subName = scanner.word();
    parts.push(readComparison(reading, resolveTarget({ ...reading, within: attribute }, subName)));
  } else {
    requireEndOfTerm(reading);
  }
  const where = join('all', parts);
  // One value only: a condition about "the same element" is a condition about the attribute itself.
  return attribute.multiValued ? { kind: 'element', path: elementPath(attribute), where } : where;
}

function isBracketable(attribute: CatalogueAttribute): boolean {
  return attribute.multiValued || attribute.type === 'complex';
}

function resolveTarget(reading: FilterReading, name: string): Target {
  const target =
    reading.within === null ? resolveOutside(reading, name) : resolveWithin(reading.within, name);
  if (target === null || !isSearchable(target.attribute)) {
    throw filterFault(
      reading.reason,
      `${clip(name)} is not an attribute of ${reading.kind} that can be searched`,
    );
  }
  return target;
}

function resolveOutside(reading: FilterReading, name: string): Target | null {
  const resolved = resolveName(name, reading.kind, reading.catalogue);
  return resolved?.kind === 'attribute' ? resolved : null;
}

function resolveWithin(attribute: CatalogueAttribute, name: string): Target | null {
  const sub = attribute.subAttribute(name);
  if (sub !== null) return { attribute, sub };
  // RFC 7643 §2.4: an element of a multi-valued simple attribute is addressed as its `value`.
  return attribute.type !== 'complex' && name.toLowerCase() === 'value' ? { attribute, sub: null } : null;
}

function readComparison(reading: FilterReading, target: Target): ResourceFilter {
  const path = comparisonPath(target.attribute, target.sub);
  const condition = readCondition(reading);
  return condition === 'pr'
    ? { kind: 'present', path }
    : compare(reading, path, condition.operator, condition.literal);
}

function readSchemasComparison(reading: FilterReading): ResourceFilter {
  const { kind, catalogue, reason } = reading;
  const condition = readCondition(reading);
  if (condition === 'pr') return everyone(catalogue);
  const { operator, literal } = condition;
  if (literal.kind !== 'string' && literal.kind !== 'word')
    throw filterFault(reason, 'schemas can only be compared with a schema URN');
  return compareSchemas(kind, catalogue, { operator, urn: literal.text });
}

interface Condition {
  readonly operator: ComparisonOperator;
  readonly literal: FilterLiteral;
}

/** What follows the name of an attribute. */
function readCondition(reading: FilterReading): 'pr' | Condition {
  const { scanner, reason } = reading;
  scanner.skipSpaces();
  const operator = scanner.word().toLowerCase();
  if (operator === 'pr') {
    requireEndOfTerm(reading);
    return 'pr';
  }
  if (!isOperator(operator)) throw filterFault(reason, `"${clip(operator)}" is not a comparison operator`);
  if (!scanner.skipSpaces()) throw filterFault(reason, `A space is missing after ${operator}`);
  const literal = readLiteral(scanner, reason);
  requireEndOfTerm(reading);
  return { operator, literal };
}

function compare(
  reading: FilterReading,
  path: ReturnType<typeof comparisonPath>,
  operator: ComparisonOperator,
  literal: FilterLiteral,
): ResourceFilter {
  const value = typedValue(path, operator, literal, reading.reason);
  if (path.type !== 'complex') return { kind: 'compare', path, operator, value };
  // A complex attribute without a `value` can only be compared with null, which asks whether it is there.
  const present: ResourceFilter = { kind: 'present', path };
  return operator === 'ne' ? present : { kind: 'not', of: present };
}

function requireEndOfTerm({ scanner, reason }: FilterReading): void {
  const next = scanner.peek();
  if (next !== '' && !' \t\r\n)]'.includes(next)) {
    throw filterFault(reason, `Unexpected "${next}" at ${scanner.position()}`);
  }
}

function isOperator(word: string): word is ComparisonOperator {
  return operators.has(word);
}
