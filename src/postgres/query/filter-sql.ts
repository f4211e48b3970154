import type { AttributePath, ResourceFilter } from '../../operations/resource-query.ts';
import { type Comparison, compareSql, presentSql } from './compare-sql.ts';
import type { Parameters } from './parameters.ts';
import type { Scope } from './scope.ts';

/**
 * A typed filter as a SQL condition. Text is made of our own words alone; names and literals are bound. Only plain
 * equality on columns can use an index under row-level security, so what clients match by compiles to just that.
 */
export function filterSql(filter: ResourceFilter, scope: Scope, parameters: Parameters): string {
  const indexed = scope.indexed(filter);
  if (indexed !== null) return indexed;
  switch (filter.kind) {
    case 'all':
      return filter.of.length === 0 ? 'true' : `(${parts(filter.of, scope, parameters).join(' and ')})`;
    case 'any':
      return filter.of.length === 0 ? 'false' : `(${parts(filter.of, scope, parameters).join(' or ')})`;
    case 'not':
      // A condition on an absent value is unknown to SQL and false to SCIM.
      return `not coalesce(${filterSql(filter.of, scope, parameters)}, false)`;
    case 'present':
      return present(filter.path, scope, parameters);
    case 'element': {
      const { scope: inner, exists } = scope.elements(filter.path);
      return exists(filterSql(filter.where, inner, parameters));
    }
    case 'compare':
      return compare(filter, scope, parameters);
  }
}

const parts = (filters: readonly ResourceFilter[], scope: Scope, parameters: Parameters): readonly string[] =>
  filters.map((filter) => filterSql(filter, scope, parameters));

function present(path: AttributePath, scope: Scope, parameters: Parameters): string {
  const scalar = scope.scalar(path);
  if (scalar !== null) return presentSql(scalar);
  const { scope: inner, exists } = scope.elements(path);
  return exists(filterSql({ kind: 'present', path }, inner, parameters));
}

function compare(
  filter: ResourceFilter & { readonly kind: 'compare' },
  scope: Scope,
  parameters: Parameters,
): string {
  const { path, operator, value } = filter;
  if (value === null) {
    const isPresent = present(path, scope, parameters);
    return operator === 'ne' ? isPresent : `not ${isPresent}`;
  }
  // PostgreSQL stores no U+0000, so nothing is equal to such a value or contains it.
  if (typeof value === 'string' && value.includes('\0')) return operator === 'ne' ? 'true' : 'false';
  const comparison: Comparison = { path, operator, value };
  const scalar = scope.scalar(path);
  if (scalar !== null) return compareSql(scalar, comparison, parameters);
  const { scope: inner, exists } = scope.elements(path);
  const matches = exists(filterSql(filter, inner, parameters));
  // What has no element at all differs from every value.
  return operator === 'ne' ? `(${matches} or not ${exists(null)})` : matches;
}
