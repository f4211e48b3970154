import type { GraphConnection } from '../operations/tenants/graph-ports.ts';
import { allowedUrl, type CloudTable, graphHosts } from './cloud-endpoints.ts';
import type { GraphCall } from './graph-call.ts';
import type { GraphClient } from './graph-client.ts';
import { refusalOf } from './graph-failure.ts';
import { type Fields, readFields, readOptionalText, readValueList, unexpected } from './read-json.ts';

export interface GraphAccess {
  readonly client: GraphClient;
  readonly clouds: CloudTable;
}

/** Rows of a list by the page, following its links as they are. */
export async function* readPages(
  { client, clouds }: GraphAccess,
  connection: GraphConnection,
  call: GraphCall & { readonly permission: string },
): AsyncGenerator<readonly Fields[], void, undefined> {
  const visited = new Set<string>();
  for (let url: string | null = call.url; url !== null; ) {
    if (visited.has(url)) throw unexpected(`${call.name} leads in a circle`);
    visited.add(url);
    const answer = await client.send(connection, { ...call, url });
    if (answer.status !== 200) throw refusalOf(answer, call.name, call.permission);
    url = readOptionalText(readFields(answer.body, call.name), '@odata.nextLink');
    if (url !== null) allowedUrl(url, graphHosts(clouds[connection.cloud]));
    yield readValueList(answer.body, call.name);
  }
}
