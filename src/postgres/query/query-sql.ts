import { createHash } from 'node:crypto';
import type { ResourceFilter, ResourcePageResult, ResourceQuery } from '../../operations/resource-query.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { cursorOwner, type Position, readCursor, writeCursor } from './cursor.ts';
import { readEmailMatch } from './email-index.ts';
import { type Condition, pageSql, type Window } from './page-sql.ts';
import { Parameters } from './parameters.ts';
import type { RememberedTotals } from './remembered-totals.ts';
import type { ResourceTable } from './resource-table.ts';
import { resourceScope } from './scope.ts';
import { type SortKey, sortKey } from './sort-sql.ts';
import { sourceOf } from './source.ts';

export interface ListRequest<Item, Beside = object> {
  readonly table: ResourceTable;
  /** A resource as text that holds no `itemSeparator`: an expression on the table's alias. */
  readonly item: string;
  readonly connectionId: string;
  readonly query: ResourceQuery;
  /** What is read beside the resources of `page` (id, item, sort_value): columns of the one row. */
  readonly beside?: string;
  /** Where the number of all resources of a connection need not be counted for every page. */
  readonly totals?: RememberedTotals;
  /** `items` in the order of the page. */
  readonly read: (items: readonly string[], beside: Beside) => readonly Item[];
  readonly idOf: (item: Item) => string;
}

/** Between texts that travel as one: rows of their own would cost more than what is in them. No JSON can hold it. */
export const itemSeparator = '\x1e';

interface PageRow {
  /** Null where the page is empty. */
  readonly items: string | null;
  readonly sortText: string | null;
  readonly total: number | null;
}

/** What decides which resources are on the list. */
type ListFacts = Pick<ListRequest<unknown>, 'table' | 'connectionId' | 'query' | 'totals'>;

/**
 * One page of resources and the number of all that match: one statement, and a second one where the page is empty but
 * lies beyond the first, or only the number is wanted.
 */
export async function listResources<Item, Beside>(
  connection: SqlConnection,
  request: ListRequest<Item, Beside>,
): Promise<ResourcePageResult<Item>> {
  const { query } = request;
  if (query.page.count === 0) {
    return { total: await countAll(connection, request), items: [], nextCursor: null };
  }
  const condition = compile(connection.context.organizationId, request);
  return query.page.kind === 'index'
    ? indexPage(connection, request, condition, query.page)
    : cursorPage(connection, request, condition, query.page);
}

function compile(organizationId: string, { table, connectionId, query }: ListFacts): Condition {
  const parameters = new Parameters([organizationId, connectionId]);
  const scope = resourceScope(table, parameters);
  return {
    parameters,
    ...sourceOf(query.filter, table, scope, parameters),
    isWholeTable: query.filter === null,
    key: query.sort === null ? null : sortKey(query.sort, table, scope, parameters),
  };
}

async function indexPage<Item, Beside>(
  connection: SqlConnection,
  request: ListRequest<Item, Beside>,
  condition: Condition,
  page: { readonly startIndex: number; readonly count: number },
): Promise<ResourcePageResult<Item>> {
  const { parameters } = condition;
  const known = recallTotal(request);
  const offset = Math.min(Math.max(page.startIndex, 1) - 1, Number.MAX_SAFE_INTEGER);
  const limit = parameters.bind(page.count, 'bigint');
  const window = `limit ${limit} offset ${parameters.bind(offset, 'bigint')}`;
  const remember = countingTotal(request);
  const row = await readPage<Beside>(connection, request, condition, {
    where: condition.where,
    window,
    limit: known === null ? limit : null,
    isDeep: offset > 0,
    lastShown: null,
  });
  const items = request.read(textsIn(row), row);
  // A page that is not full ends the list, so there is nothing to count.
  const isLast = items.length < page.count && (items.length > 0 || offset === 0);
  const total = isLast ? offset + items.length : (known ?? row.total);
  if (total === null) return { total: await countAll(connection, request), items, nextCursor: null };
  remember(total);
  return { total, items, nextCursor: null };
}

const textsIn = ({ items }: PageRow): readonly string[] => (items === null ? [] : items.split(itemSeparator));

const isUnfiltered = ({ query }: ListFacts): boolean => query.filter === null;

const recallTotal = (request: ListFacts): number | null =>
  isUnfiltered(request) ? (request.totals?.recall(request.connectionId) ?? null) : null;

const countingTotal = (request: ListFacts): ((total: number) => void) =>
  (isUnfiltered(request) ? request.totals?.counting(request.connectionId) : undefined) ?? (() => undefined);

async function cursorPage<Item, Beside>(
  connection: SqlConnection,
  request: ListRequest<Item, Beside>,
  condition: Condition,
  page: { readonly after: string | null; readonly count: number },
): Promise<ResourcePageResult<Item>> {
  const { parameters, key } = condition;
  const owner = cursorOwner(request.table.name, request.connectionId, request.query);
  const after = page.after === null ? null : readCursor(page.after, owner, key?.type ?? null);
  const behind = after === null ? '' : ` and ${behindSql(after, key, request.table.id, parameters)}`;
  // One more than asked for tells whether there is a next page.
  const limit = parameters.bind(page.count + 1, 'bigint');
  const row = await readPage<Beside>(connection, request, condition, {
    where: condition.where + behind,
    window: `limit ${limit}`,
    limit: after === null ? limit : null,
    isDeep: false,
    lastShown: parameters.bind(page.count - 1, 'bigint'),
  });
  const texts = textsIn(row);
  const items = request.read(texts.slice(0, page.count), row);
  const last = items.at(-1);
  const total = after?.total ?? row.total ?? texts.length;
  const nextCursor =
    texts.length > page.count && last !== undefined
      ? writeCursor(owner, { total, id: request.idOf(last), sortText: row.sortText })
      : null;
  return { total, items, nextCursor };
}

/** Resources that come behind the position in the order of the list. */
function behindSql(after: Position, key: SortKey | null, id: string, parameters: Parameters): string {
  const laterId = `${id} > ${parameters.bind(after.id, 'uuid')}`;
  if (key === null) return laterId;
  if (after.sortText === null) return `(${key.sql} is null and ${laterId})`;
  const value = parameters.bind(after.sortText, key.type);
  const sign = key.descending ? '<' : '>';
  const tail = key.isRequired ? '' : ` or ${key.sql} is null`;
  return `(${key.sql} ${sign} ${value} or (${key.sql} = ${value} and ${laterId})${tail})`;
}

/** The one row of a page. PostgreSQL reads the section `page` in the order that it was filled in. */
async function readPage<Beside>(
  connection: SqlConnection,
  { table, item, query, beside }: Omit<ListRequest<unknown, Beside>, 'read' | 'idOf'>,
  condition: Condition,
  window: Window,
): Promise<PageRow & Beside> {
  const { parameters, from, where } = condition;
  // The page is cut first and the references are read for its rows only. The count is not run for a page that is not full.
  const total =
    window.limit === null
      ? 'null::bigint'
      : `case when (select count(*) from page) >= ${window.limit}
          then (select count(*) from ${from} where ${where}) end`;
  const sortText =
    window.lastShown === null
      ? 'null::text'
      : `(select p.sort_value::text from page p offset ${window.lastShown} limit 1)`;
  const text = `
    with page as materialized (${pageSql(table, item, condition, window)})
    select (select string_agg(p.item, chr(30)) from page p) as "items", ${sortText} as "sortText",
      ${total} as "total"${beside === undefined ? '' : `, ${beside}`}`;
  const statement = { text, values: parameters.values };
  const [row] = await connection.rows<PageRow & Beside>(
    isHot(query, table) ? { ...statement, name: preparedName(text) } : statement,
  );
  if (row === undefined) throw new Error('A select without from answers with one row');
  return row;
}

async function countAll(connection: SqlConnection, request: ListFacts): Promise<number> {
  const { query } = request;
  const known = recallTotal(request);
  if (known !== null) return known;
  const remember = countingTotal(request);
  // Compiled anew without the order: a statement must use every value that is bound.
  const unordered = { ...request, query: { ...query, sort: null } };
  const { parameters, from, where } = compile(connection.context.organizationId, unordered);
  const [row] = await connection.rows<{ total: number }>({
    text: `select count(*) as "total" from ${from} where ${where}`,
    values: parameters.values,
  });
  remember(row?.total ?? 0);
  return row?.total ?? 0;
}

/**
 * The few shapes that clients repeat are prepared: no filter, and one or two equalities that an index answers. Of others
 * there is no end, and each would stay in the memory of every server connection.
 */
function isHot({ filter, sort, page }: ResourceQuery, table: ResourceTable): boolean {
  if (sort !== null || page.kind !== 'index') return false;
  if (filter === null || isMatch(filter, table)) return true;
  return filter.kind === 'all' && filter.of.length === 2 && filter.of.every((part) => isMatch(part, table));
}

function isMatch(filter: ResourceFilter, table: ResourceTable): boolean {
  if (table.hasEmailIndex && readEmailMatch(filter) !== null) return true;
  if (filter.kind !== 'compare' || filter.operator !== 'eq' || typeof filter.value !== 'string') return false;
  const { extension, attribute } = filter.path;
  return extension === null && (table.columns.has(attribute) || attribute === table.references.attribute);
}

const preparedNames = new Map<string, string>();

function preparedName(text: string): string {
  const known = preparedNames.get(text);
  if (known !== undefined) return known;
  const name = `list_${createHash('sha256').update(text).digest('base64url').slice(0, 20)}`;
  preparedNames.set(text, name);
  return name;
}
