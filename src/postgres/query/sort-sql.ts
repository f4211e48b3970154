import type { AttributePath, ResourceSort } from '../../operations/resource-query.ts';
import type { Parameters } from './parameters.ts';
import type { ResourceTable } from './resource-table.ts';
import { attributeJson, comparableText, instant, jsonPart, number, type Scalar, truth } from './scalar.ts';
import { elementsOf, type Scope } from './scope.ts';

export type SortType = 'text' | 'uuid' | 'numeric' | 'timestamptz' | 'boolean';

export interface SortKey {
  /** Null where the resource has no value. */
  readonly sql: string;
  readonly type: SortType;
  readonly isRequired: boolean;
  readonly descending: boolean;
}

/** RFC 7644 §3.4.2.3: a multi-valued attribute sorts by its primary value, else the first. */
export function sortKey(
  sort: ResourceSort,
  table: ResourceTable,
  scope: Scope,
  parameters: Parameters,
): SortKey {
  const { path, descending } = sort;
  const scalar = scope.scalar(path);
  if (scalar !== null) {
    return { ...typedValue(scalar, path), isRequired: scalar.isRequired === true, descending };
  }
  const json = attributeJson(`${table.alias}.attributes`, path, parameters);
  const { sql, type } = typedValue(jsonPart('s.element', path.subAttribute, parameters), path);
  const first = `(select ${sql} from ${elementsOf(json)} with ordinality as s(element, position)
    where ${sql} is not null
    order by (s.element -> 'primary') is not distinct from 'true'::jsonb desc, s.position limit 1)`;
  return { sql: first, type, isRequired: false, descending };
}

function typedValue(scalar: Scalar, path: AttributePath): { readonly sql: string; readonly type: SortType } {
  switch (path.type) {
    case 'boolean':
      return { sql: truth(scalar), type: 'boolean' };
    case 'integer':
    case 'decimal':
      return { sql: number(scalar), type: 'numeric' };
    case 'dateTime':
      return { sql: instant(scalar), type: 'timestamptz' };
    default: {
      // Their text has the same order, but no index.
      if (scalar.native?.type === 'uuid') return { sql: scalar.native.sql, type: 'uuid' };
      const text = comparableText(scalar, path.caseExact);
      return { sql: scalar.isRequired === true ? text : `nullif(${text}, '')`, type: 'text' };
    }
  }
}

/** Absent values last in both directions; equal ones by id. `value` is the expression or the column that holds it. */
export function orderBy(key: SortKey | null, value: string, id: string): string {
  if (key === null) return `order by ${id}`;
  // Without NULLS LAST an index can be read backwards.
  const nulls = key.isRequired ? '' : ' nulls last';
  return `order by ${value} ${key.descending ? 'desc' : 'asc'}${nulls}, ${id}`;
}
