import { OperationError } from '../../operations/operation-error.ts';
import type { AttributePath, ComparisonOperator } from '../../operations/resource-query.ts';
import { namedId } from '../uuid.ts';
import type { Parameters } from './parameters.ts';
import { comparableText, instant, number, type Scalar, truth } from './scalar.ts';

export interface Comparison {
  readonly path: AttributePath;
  readonly operator: ComparisonOperator;
  readonly value: string | number | boolean;
}

const ordering = { eq: '=', ne: 'is distinct from', gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

const isContainment = (operator: ComparisonOperator): operator is 'co' | 'sw' | 'ew' =>
  operator === 'co' || operator === 'sw' || operator === 'ew';

const refuse = (path: AttributePath, operator: ComparisonOperator): OperationError =>
  new OperationError('invalid', `${operator} is not defined for ${path.attribute} (${path.type}).`, {
    reason: 'filter',
  });

/** One value against one literal. `ne` holds where there is no value; everything else needs one. */
export function compareSql(scalar: Scalar, comparison: Comparison, parameters: Parameters): string {
  const { path, operator, value } = comparison;
  switch (path.type) {
    case 'boolean':
      if (operator !== 'eq' && operator !== 'ne') throw refuse(path, operator);
      return `${truth(scalar)} ${ordering[operator]} ${parameters.bind(value, 'boolean')}`;
    case 'integer':
    case 'decimal':
      if (isContainment(operator)) throw refuse(path, operator);
      return `${number(scalar)} ${ordering[operator]} ${parameters.bind(String(value), 'numeric')}`;
    case 'dateTime':
      if (isContainment(operator)) throw refuse(path, operator);
      return `${instant(scalar)} ${ordering[operator]} ${parameters.bind(value, 'timestamptz')}`;
    case 'complex':
      throw refuse(path, operator);
    default:
      return compareText(scalar, { ...comparison, value: String(value) }, parameters);
  }
}

function compareText(
  scalar: Scalar,
  { path, operator, value }: Comparison & { readonly value: string },
  parameters: Parameters,
): string {
  if (scalar.native?.type === 'uuid' && (operator === 'eq' || operator === 'ne')) {
    const id = namedId(value, path.caseExact);
    if (id === null) return operator === 'ne' ? 'true' : 'false';
    return `${scalar.native.sql} ${ordering[operator]} ${parameters.bind(id, 'uuid')}`;
  }
  const left = comparableText(scalar, path.caseExact);
  const bound = parameters.bind(value, 'text');
  const right = path.caseExact ? bound : `lower(${bound})`;
  switch (operator) {
    case 'co':
      return `strpos(${left}, ${right}) > 0`;
    case 'sw':
      return `starts_with(${left}, ${right})`;
    case 'ew':
      return `right(${left}, length(${right})) = ${right}`;
    default:
      return `${left} ${ordering[operator]} ${right}`;
  }
}

/** RFC 7644 table 3: `pr` holds for a value that is neither null nor empty. */
export function presentSql(scalar: Scalar): string {
  if (scalar.isRequired === true) return 'true';
  if (scalar.json === undefined) return `coalesce(${scalar.text}, '') <> ''`;
  const empty = `'null'::jsonb, '""'::jsonb, '[]'::jsonb, '{}'::jsonb`;
  return `coalesce(${scalar.json}, 'null'::jsonb) not in (${empty})`;
}
