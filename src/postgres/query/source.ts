import type { ResourceFilter } from '../../operations/resource-query.ts';
import { filterSql } from './filter-sql.ts';
import { matchIds } from './match.ts';
import type { Parameters } from './parameters.ts';
import type { ResourceTable } from './resource-table.ts';
import type { Scope } from './scope.ts';

/** The live resources of the connection ($2) that satisfy the filter, under the alias of the table. */
export interface Source {
  readonly from: string;
  readonly where: string;
}

const conjuncts = (filter: ResourceFilter | null): readonly ResourceFilter[] => {
  if (filter === null) return [];
  return filter.kind === 'all' ? filter.of : [filter];
};

/** Comes behind every continuation of a text; the column is in the order of its bytes. */
const lastText = 'repeat(chr(1114111), 8)';

/** The part of an index on `x` that holds all that `userName sw "…"` can mean; the filter itself still decides. */
function prefixRange(
  filter: ResourceFilter | null,
  { prefixes }: ResourceTable,
  parameters: Parameters,
): string | null {
  for (const part of conjuncts(filter)) {
    if (part.kind !== 'compare' || part.operator !== 'sw' || typeof part.value !== 'string') continue;
    const { path, value } = part;
    const column =
      path.extension === null && path.subAttribute === null ? prefixes.get(path.attribute) : undefined;
    if (column === undefined || value === '' || value.includes('\0')) continue;
    const start = `lower(${parameters.bind(value, 'text')})`;
    return `x.${column} >= ${start} and x.${column} < ${start} || ${lastText}`;
  }
  return null;
}

/** Starts from an index lookup where a part of the filter is one, else from all resources of the connection. */
export function sourceOf(
  filter: ResourceFilter | null,
  table: ResourceTable,
  scope: Scope,
  parameters: Parameters,
): Source {
  const { name, alias, idColumn } = table;
  const live = (row: string): string =>
    `${row}.organization_id = $1::uuid and ${row}.connection_id = $2::uuid and ${row}.deleted_at is null`;
  let ids: string | null = null;
  const rest: string[] = [];
  for (const part of conjuncts(filter)) {
    const found: string | null = ids === null ? matchIds(part, table, parameters) : null;
    if (found === null) rest.push(filterSql(part, scope, parameters));
    else ids = found;
  }
  if (ids === null) {
    const range = prefixRange(filter, table, parameters);
    if (range === null) return { from: `${name} ${alias}`, where: [live(alias), ...rest].join(' and ') };
    // The offset keeps the planner from reading all resources in the order of the list instead.
    const from = `(select x.* from ${name} x where ${live('x')} and ${range} offset 0) ${alias}`;
    return { from, where: rest.join(' and ') };
  }
  // The limit keeps the planner from turning the lookups round into a scan.
  const from = `(select distinct d.id from (${ids}) d) matched
    cross join lateral (
      select l.* from ${name} l where ${live('l')} and l.${idColumn} = matched.id limit 1
    ) ${alias}`;
  return { from, where: rest.length === 0 ? 'true' : rest.join(' and ') };
}
