import type { ResourceFilter } from '../../operations/resource-query.ts';
import { isOwnId, namedId } from '../uuid.ts';
import { emailMatchIds, readEmailMatch } from './email-index.ts';
import { Parameters } from './parameters.ts';
import type { ResourceTable } from './resource-table.ts';

/**
 * A query whose answer is the ids that satisfy the condition, where one index lookup gives them: what clients match by.
 * It names no connection, because an index that starts with organization and connection would seem as good to the
 * planner while the tables are small, and is a scan when they are large.
 */
export function matchIds(
  filter: ResourceFilter,
  table: ResourceTable,
  parameters: Parameters,
): string | null {
  if (filter.kind === 'any') return anyMatchIds(filter.of, table, parameters);
  const isOneByOne = table.references.holders === 'few' || referredId(filter, table) === null;
  return (
    columnMatchIds(filter, table, parameters) ?? (isOneByOne ? sideMatchIds(filter, table, parameters) : null)
  );
}

/** Where each of the alternatives is such a lookup. */
function anyMatchIds(
  parts: readonly ResourceFilter[],
  table: ResourceTable,
  parameters: Parameters,
): string | null {
  // Tried beforehand: a statement must use every value that is bound.
  const isEach = parts.length > 0 && parts.every((part) => matchIds(part, table, new Parameters()) !== null);
  return isEach ? parts.map((part) => matchIds(part, table, parameters)).join(' union all ') : null;
}

/** `id eq`, `userName eq` and the like. */
function columnMatchIds(
  filter: ResourceFilter,
  { matches }: ResourceTable,
  parameters: Parameters,
): string | null {
  if (filter.kind !== 'compare' || filter.operator !== 'eq' || typeof filter.value !== 'string') return null;
  const { path, value } = filter;
  if (path.extension !== null || path.subAttribute !== null || value.includes('\0')) return null;
  if (path.attribute === 'id')
    return isOwnId(value) ? `select ${parameters.bind(value, 'uuid')} as id` : null;
  return matches.get(path.attribute)?.(parameters.bind.bind(parameters, value, 'text')) ?? null;
}

/** What is found in another table than the resource's own: by email, by member. */
export function sideMatchIds(
  filter: ResourceFilter,
  table: ResourceTable,
  parameters: Parameters,
): string | null {
  const email = table.hasEmailIndex ? readEmailMatch(filter) : null;
  if (email !== null) return emailMatchIds(email, parameters);
  const id = referredId(filter, table);
  return id === null ? null : table.references.holdersOf(parameters.bind(id, 'uuid'));
}

/** The literal of `members.value eq "…"`, `members[value eq "…"]` and the same of `groups`. */
function referredId(filter: ResourceFilter, { references }: ResourceTable): string | null {
  const condition = filter.kind === 'element' ? filter.where : filter;
  if (condition.kind !== 'compare' || condition.operator !== 'eq') return null;
  const { path, value } = condition;
  const isReference =
    path.extension === null && path.attribute === references.attribute && path.subAttribute === 'value';
  return isReference && typeof value === 'string' ? namedId(value, path.caseExact) : null;
}
