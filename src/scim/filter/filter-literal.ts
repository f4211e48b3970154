import type { AttributePath, ComparisonOperator } from '../../operations/resource-query.ts';
import { normaliseDateTime } from '../date-time.ts';
import { clip, type FilterReason, filterFault } from './filter-fault.ts';
import type { FilterScanner } from './filter-scanner.ts';

/** A comparison value before the attribute's type is known. `word` is unquoted text that is no JSON literal. */
export type FilterLiteral =
  | { readonly kind: 'string' | 'word'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' };

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const keywords = new Set(['and', 'or', 'not']);

export function readLiteral(scanner: FilterScanner, reason: FilterReason): FilterLiteral {
  if (scanner.peek() === '"') {
    const text = scanner.quoted();
    // PostgreSQL stores neither, so nothing can be equal to it.
    if (text.includes('\0') || !text.isWellFormed()) {
      throw filterFault(reason, 'A comparison value holds a character that cannot be stored');
    }
    return { kind: 'string', text };
  }
  const word = scanner.word();
  const lowered = word.toLowerCase();
  if (word === '' || keywords.has(lowered) || word.startsWith("'")) {
    throw filterFault(
      reason,
      `A comparison value is missing or not in double quotes at ${scanner.position()}`,
    );
  }
  if (lowered === 'true' || lowered === 'false') return { kind: 'boolean', value: lowered === 'true' };
  if (lowered === 'null') return { kind: 'null' };
  if (NUMBER.test(word)) return { kind: 'number', value: Number(word) };
  // An older Microsoft example sends `externalId eq jyoung`.
  return { kind: 'word', text: word };
}

type TypedValue = string | number | boolean | null;

/** The value as the attribute's type wants it, or the sentence that says why the comparison makes no sense. */
export function typedValue(
  path: AttributePath,
  operator: ComparisonOperator,
  literal: FilterLiteral,
  reason: FilterReason,
): TypedValue {
  const name = path.subAttribute === null ? path.attribute : `${path.attribute}.${path.subAttribute}`;
  if (literal.kind === 'null') {
    if (operator === 'eq' || operator === 'ne') return null;
    throw filterFault(reason, `${operator} cannot compare ${name} with null`);
  }
  if (!isOperatorFor(path, operator))
    throw filterFault(reason, `${operator} is not defined for ${name} (${path.type})`);
  const value = readers[path.type](literal);
  if (value === null)
    throw filterFault(reason, `${name} (${path.type}) cannot be compared with ${show(literal)}`);
  return value;
}

/** RFC 7644 table 3: no order on booleans and binaries; containment is about text. */
function isOperatorFor(path: AttributePath, operator: ComparisonOperator): boolean {
  if (operator === 'eq' || operator === 'ne') return true;
  if (path.type === 'boolean' || path.type === 'binary' || path.type === 'complex') return false;
  const isText = path.type === 'string' || path.type === 'reference';
  return isText || !(operator === 'co' || operator === 'sw' || operator === 'ew');
}

const readText = (literal: FilterLiteral): TypedValue =>
  literal.kind === 'string' || literal.kind === 'word' ? literal.text : null;

const readers: Readonly<Record<AttributePath['type'], (literal: FilterLiteral) => TypedValue>> = {
  string: readText,
  reference: readText,
  binary: readText,
  boolean: (literal) => {
    if (literal.kind === 'boolean') return literal.value;
    // Entra quotes booleans: `roles[primary eq "True"]`.
    const text = readText(literal)?.toString().toLowerCase();
    return text === 'true' || text === 'false' ? text === 'true' : null;
  },
  integer: (literal) =>
    literal.kind === 'number' && Number.isSafeInteger(literal.value) ? literal.value : null,
  decimal: (literal) => (literal.kind === 'number' && Number.isFinite(literal.value) ? literal.value : null),
  dateTime: (literal) => {
    const text = readText(literal);
    return typeof text === 'string' ? normaliseDateTime(text) : null;
  },
  complex: () => null,
};

function show(literal: FilterLiteral): string {
  switch (literal.kind) {
    case 'string':
      return `"${clip(literal.text)}"`;
    case 'word':
      return clip(literal.text);
    case 'null':
      return 'null';
    default:
      return String(literal.value);
  }
}
