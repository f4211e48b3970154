import type { Page, PageRequest } from '../../operations/keyset-page.ts';
import type { SqlConnection } from '../sql-connection.ts';

/** Collects conditions and the values they bind; text comes from our code, values only as parameters. */
export class Conditions {
  readonly #texts: string[] = [];
  readonly values: unknown[] = [];

  /** Binds a value and answers its placeholder. */
  bind(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  add(text: string): void {
    this.#texts.push(text);
  }

  /** Adds a condition only when there is something to compare with. */
  addGiven(value: string | null, condition: (placeholder: string) => string): void {
    if (value !== null) this.add(condition(this.bind(value)));
  }

  /** At least one condition has been added: every query names its organization. */
  where(): string {
    return `where ${this.#texts.join(' and ')}`;
  }
}

/** A pattern for ILIKE that finds the text anywhere, its wildcards taken literally. */
export const containing = (text: string): string => `%${text.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;

export interface PageQuery<Row, Item> {
  /** `select … from …`, up to the conditions. */
  readonly select: string;
  readonly conditions: Conditions;
  /** The id column that orders the list. */
  readonly key: string;
  readonly descending?: boolean;
  readonly page: PageRequest;
  readonly read: (row: Row) => Item;
  readonly idOf: (item: Item) => string;
}

/** Keyset paging: reads one row more than asked for, to know whether there is a next page. */
export async function readPage<Row, Item>(
  connection: SqlConnection,
  query: PageQuery<Row, Item>,
): Promise<Page<Item>> {
  const { conditions, page } = query;
  const isDescending = query.descending === true;
  conditions.addGiven(page.after, (after) => `${query.key} ${isDescending ? '<' : '>'} ${after}::uuid`);
  const limit = conditions.bind(page.limit + 1);
  const rows = await connection.rows<Row>({
    text: `${query.select} ${conditions.where()} order by ${query.key} ${isDescending ? 'desc' : 'asc'} limit ${limit}`,
    values: conditions.values,
  });
  const items = rows.slice(0, page.limit).map(query.read);
  const last = items.at(-1);
  return { items, nextAfter: rows.length > page.limit && last !== undefined ? query.idOf(last) : null };
}
