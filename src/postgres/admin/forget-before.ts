import type { SqlConnection } from '../sql-connection.ts';
import { lowestIdAt } from '../uuid.ts';

/** A table of our own, with names that come from our code. */
interface Aging {
  readonly table: string;
  /** Its key, made when the row was. */
  readonly key: string;
  /** The column that says how old a row is. */
  readonly time: string;
  /** How far the clock of a key may be ahead of that column. */
  readonly slackMs?: number;
}

/**
 * Removes rows from before a moment (RFC 3339), the oldest first and at most `limit`; answers how many. By the key, which
 * begins with the time (RFC 9562 §5.7): no index by time is needed.
 */
export const forgetBefore = (
  connection: SqlConnection,
  { table, key, time, slackMs = 0 }: Aging,
  before: string,
  limit: number,
): Promise<number> =>
  connection.execute({
    text: `
      delete from ${table}
      where organization_id = $1 and ${key} in (
        select x.${key} from ${table} x
        where x.organization_id = $1 and x.${key} < $2::uuid and x.${time} < $3::timestamptz
        order by x.${key} limit $4)`,
    values: [connection.context.organizationId, lowestIdAt(Date.parse(before) + slackMs), before, limit],
  });
