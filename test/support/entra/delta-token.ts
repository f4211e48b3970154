import { DAY } from './emulator-clock.ts';
import type { OpaqueTokens } from './opaque-token.ts';

export type DeltaCollection = 'users' | 'groups';

/** What a round keeps in mind from its first request on. */
export interface DeltaTracking {
  readonly tenantId: string;
  readonly collection: DeltaCollection;
  /** As asked for; null for the default properties. */
  readonly select: readonly string[] | null;
  readonly ids: readonly string[] | null;
}

/**
 * A place in a round. First the collection as it is (`enumerate`), in later rounds what happened between two places of
 * the log (`changes`), from and to. While enumerating, `from` is where the next round begins and `to` how many objects
 * there were. `row` and `slot` are the next row, and the next member of it when a group did not fit the page.
 */
export interface DeltaPlace {
  readonly phase: 'enumerate' | 'changes';
  readonly from: number;
  readonly to: number;
  readonly row: number;
  readonly slot: number;
  readonly page: number;
}

export interface DeltaToken extends DeltaTracking, DeltaPlace {
  readonly issuedAt: number;
}

/** Directory objects are remembered for seven days. */
export const DELTA_LIFETIME = 7 * DAY;

export function writeDeltaToken(tokens: OpaqueTokens, token: DeltaToken): string {
  return tokens.write(token);
}

export function readDeltaToken(tokens: OpaqueTokens, text: string): DeltaToken | undefined {
  const content = tokens.read(text);
  const isDelta = typeof content === 'object' && content !== null && 'phase' in content;
  // Nobody but writeDeltaToken can have sealed it.
  return isDelta ? (content as DeltaToken) : undefined;
}
