import type { GraphConnection } from '../operations/tenants/graph-ports.ts';

export interface IssuedToken {
  readonly accessToken: string;
  /** When this server got it; milliseconds since the epoch. */
  readonly receivedAt: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Short names; of the application flow, the roles in the token as far as they can be read. */
  readonly scopes: readonly string[];
}

/** What a refused token calls for. */
export interface TokenDemand {
  /** Another token than the one in memory. */
  readonly isFresh?: boolean;
  /** Decoded claims challenge of a 401 (continuous access evaluation). */
  readonly claims?: string;
}

/** Throws `GraphError`, or the signal's reason. */
export interface GraphTokens {
  readonly get: (
    connection: GraphConnection,
    demand: TokenDemand,
    signal: AbortSignal,
  ) => Promise<IssuedToken>;
  readonly forget: (connectionId: string) => void;
}
