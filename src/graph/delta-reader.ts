import type { DeltaRequest, DeltaStep, GraphConnection } from '../operations/tenants/graph-ports.ts';
import { allowedUrl, type CloudTable, graphHosts } from './cloud-endpoints.ts';
import { readCursor, writeCursor } from './delta-cursor.ts';
import type { GraphClient } from './graph-client.ts';
import { type GraphAnswer, hasErrorCode, refusalOf } from './graph-failure.ts';
import { type Fields, readFields, readOptionalText, readValueList, unexpected } from './read-json.ts';

export interface DeltaSource<Change> {
  readonly name: string;
  /** Path and query of a full read. */
  readonly start: string;
  /** Of properties and groups; a cursor of another one is of no use. */
  readonly selection: string;
  readonly permission: string;
  readonly readRow: (row: Fields) => Change;
}

/** One page, with everything that can be waited for in between. */
const PAGE_BUDGET_MS = 5 * 60_000;
const UNITS = 2;

const expiredCodes = ['syncStateNotFound', 'syncStateInvalid', 'resyncRequired'];

export async function* readDelta<Change>(
  { client, clouds }: { readonly client: GraphClient; readonly clouds: CloudTable },
  connection: GraphConnection,
  source: DeltaSource<Change>,
  { cursor, signal }: DeltaRequest,
): AsyncGenerator<DeltaStep<Change>, void, undefined> {
  const hosts = graphHosts(clouds[connection.cloud]);
  let url = cursor === null ? source.start : usableLink(cursor, source.selection, hosts);
  const visited = new Set<string>();
  while (url !== null) {
    // A link that comes again would go round for ever.
    if (visited.has(url)) throw unexpected(`${source.name} leads in a circle`);
    visited.add(url);
    const answer = await client.send(connection, {
      name: source.name,
      url,
      units: UNITS,
      // A poll is small, and somebody waits for its changes.
      isBackground: cursor === null,
      budgetMs: PAGE_BUDGET_MS,
      signal,
    });
    // The very first address of a full read holds no state that could be too old.
    if (url !== source.start && isExpired(answer)) break;
    if (answer.status !== 200) throw refusalOf(answer, source.name, source.permission);
    const page = readPage(answer, source);
    // Checked before anything of it is used: whoever writes such a link may have written the rows too.
    allowedUrl(page.link, hosts);
    const resume = writeCursor({ selection: source.selection, link: page.link });
    if (page.changes.length > 0 || !page.isLast) yield { kind: 'page', changes: page.changes, resume };
    if (page.isLast) {
      yield { kind: 'complete', cursor: resume };
      return;
    }
    url = page.link;
  }
  yield { kind: 'expired' };
}

/** Null when a full read is needed. A link to a host that is not ours any more (another cloud, say) is not called. */
function usableLink(cursor: string, selection: string, hosts: readonly string[]): string | null {
  const link = readCursor(cursor, selection)?.link ?? null;
  if (link === null || !URL.canParse(link)) return null;
  return hosts.some((host) => new URL(host).origin === new URL(link).origin) ? link : null;
}

/** Directory tokens live 7 days. The way to say so differs. */
const isExpired = ({ status, body }: GraphAnswer): boolean =>
  status === 410 || ((status === 400 || status === 404) && hasErrorCode(body, expiredCodes));

interface Page<Change> {
  readonly changes: readonly Change[];
  readonly link: string;
  readonly isLast: boolean;
}

function readPage<Change>({ body }: GraphAnswer, { name, readRow }: DeltaSource<Change>): Page<Change> {
  const page = readFields(body, name);
  const next = readOptionalText(page, '@odata.nextLink');
  const link = next ?? readOptionalText(page, '@odata.deltaLink');
  // Without either the read cannot be known to be complete.
  if (link === null) throw unexpected(`a page of ${name} has no link to go on with`);
  return { changes: readValueList(page, name).map(readRow), link, isLast: next === null };
}
