import type { GraphOrganization } from '../operations/tenants/graph-ports.ts';
import type { GraphAnswer } from './graph-failure.ts';
import {
  readFields,
  readList,
  readObjectId,
  readOptionalText,
  readText,
  readValueList,
  unexpected,
} from './read-json.ts';

/** The list holds the one tenant that the token was issued for. */
export function readOrganization({ body, headers }: GraphAnswer, now: number): GraphOrganization {
  const [row] = readValueList(body, 'organization');
  if (!row) throw unexpected('organization is empty');
  return {
    tenantId: readObjectId(row),
    displayName: readOptionalText(row, 'displayName'),
    verifiedDomains: readList(row.verifiedDomains ?? [], 'verifiedDomains').map((item) =>
      readText(readFields(item, 'a verified domain'), 'name').toLowerCase(),
    ),
    clockSkewSeconds: skewOf(headers.get('date'), now),
  };
}

/** The header has whole seconds, so less than one says nothing. */
function skewOf(date: string | null, now: number): number | null {
  const at = date === null ? Number.NaN : Date.parse(date);
  // Adding zero takes the sign off a zero.
  return Number.isNaN(at) ? null : Math.trunc((at - now) / 1000) + 0;
}
