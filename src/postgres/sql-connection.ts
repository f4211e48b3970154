import type { OrganizationContext } from '../operations/context.ts';

/**
 * One statement. With a `name` it is prepared once per server connection and must always carry the same text; leave the
 * name out for text that depends on the request. Values are bound, never spliced into the text.
 */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

/**
 * A connection inside a unit of work, already bound to one organization. Timestamps arrive as RFC 3339 UTC text with
 * milliseconds, bigint as number, jsonb parsed, uuid as lower-case text.
 */
export interface SqlConnection {
  readonly context: OrganizationContext;
  readonly rows: <Row>(statement: Statement) => Promise<readonly Row[]>;
  /** Runs a statement for its effect; answers the number of rows it touched. */
  readonly execute: (statement: Statement) => Promise<number>;
}
