import type { Logger } from '../observability/logger.ts';
import type { GraphConnection } from '../operations/tenants/graph-ports.ts';
import type { CloudTable } from './cloud-endpoints.ts';
import type { Fetch } from './fetch-once.ts';
import type { GraphAnswer } from './graph-failure.ts';
import type { GraphTokens } from './graph-tokens.ts';
import type { Pacer } from './pacer.ts';
import type { Timing } from './timing.ts';

export interface GraphCall {
  /** For the log and for sentences: no ids, no names of people. */
  readonly name: string;
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** A path below the version, with query, or the whole address that an answer gave: taken as it is. */
  readonly url: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: true unless POST. A call that is not repeatable is only repeated when it was refused unseen. */
  readonly isRepeatable?: boolean;
  readonly accepts?: 'json' | 'text';
  /** Expected resource units. */
  readonly units: number;
  /** Background reading yields to calls that somebody waits for. */
  readonly isBackground?: boolean;
  /** For everything: token, waiting for a turn, retries. */
  readonly budgetMs: number;
  readonly signal: AbortSignal;
}

export interface GraphClientParts {
  readonly fetch: Fetch;
  readonly clouds: CloudTable;
  readonly tokens: GraphTokens;
  readonly pacer: Pacer;
  readonly timing: Timing;
  readonly logger: Logger;
}

/** A call on its way. */
export interface GraphCallInProgress {
  readonly parts: GraphClientParts;
  readonly connection: GraphConnection;
  readonly call: GraphCall;
  /** On the allow-list. */
  readonly url: URL;
  readonly deadline: number;
  /** Aborts with the call's signal, and at the deadline. */
  readonly signal: AbortSignal;
}

export type GraphOutcome =
  | { readonly kind: 'answer'; readonly answer: GraphAnswer }
  | { readonly kind: 'unauthorized'; readonly claims: string | null }
  | PassingOutcome;

/** Worth another try. The status is null where there was no whole answer. */
export interface PassingOutcome {
  readonly kind: 'passing';
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  /** Nothing can have been done yet, so that even a creation may be repeated. */
  readonly wasUnseen: boolean;
  readonly cause?: unknown;
}
