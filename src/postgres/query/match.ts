import type { ResourceFilter } from '../../operations/resource-query.ts';
import { isOwnId } from '../uuid.ts';
import { emailMatchIds, readEmailMatch } from './email-index.ts';
import type { Parameters } from './parameters.ts';
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
  return columnMatchIds(filter, table, parameters) ?? sideMatchIds(filter, table, parameters);
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
  const { attribute, holdersOf } = table.references;
  const condition = filter.kind === 'element' ? filter.where : filter;
  if (holdersOf === undefined || condition.kind !== 'compare' || condition.operator !== 'eq') return null;
  const { path, value } = condition;
  if (path.extension !== null || path.attribute !== attribute || path.subAttribute !== 'value') return null;
  if (typeof value !== 'string' || !isOwnId(value)) return null;
  return holdersOf(parameters.bind(value, 'uuid'));
}
