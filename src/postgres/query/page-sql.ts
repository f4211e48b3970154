import type { Parameters } from './parameters.ts';
import type { ResourceTable } from './resource-table.ts';
import { orderBy, type SortKey } from './sort-sql.ts';
import type { Source } from './source.ts';

export interface Condition extends Source {
  readonly parameters: Parameters;
  readonly isWholeTable: boolean;
  readonly key: SortKey | null;
}

export interface Window {
  readonly where: string;
  readonly window: string;
  /** Placeholder of the limit when a full page is to be counted; null when the total is known. */
  readonly limit: string | null;
  /** Whether many rows are skipped. */
  readonly isDeep: boolean;
  /** Placeholder of the place (from 0) whose value of the sort key is wanted; null when none is. */
  readonly lastShown: string | null;
}

/**
 * The rows of the page, in its order: id, item, sort_value. Without a filter those that are skipped are counted off in the
 * index, never read. The page is then asked for by its ids: a range behind the first of them could be read by an index
 * that leads through the users of other connections.
 */
export function pageSql(
  table: ResourceTable,
  item: string,
  { from, key, isWholeTable }: Condition,
  window: Window,
): string {
  const { name, alias, id } = table;
  const value = key?.sql ?? 'null::text';
  if (!window.isDeep || !isWholeTable || key !== null) {
    return `
      select ${id} as id, ${item} as item, ${value} as sort_value from ${from}
      where ${window.where}
      ${orderBy(key, value, id)} ${window.window}`;
  }
  return `
      select ${id} as id, ${item} as item, ${value} as sort_value
      from ${name} ${alias}
      where ${alias}.organization_id = $1::uuid
        and ${id} = any(array(select ${id} from ${from} where ${window.where} order by ${id} ${window.window}))
      order by ${id}`;
}
