/** One recorded request of a provisioning client, and what must come of it. */
export interface WireCase {
  readonly id: string;
  readonly source: string;
  readonly client: string;
  readonly evidence: string;
  readonly when: string;
  readonly given: readonly string[];
  readonly request: WireRequest;
  readonly expect: WireExpectation;
}

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  /** Percent-encoded, without the question mark. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A JSON value, a raw text such as broken JSON, or null for none. */
  readonly body: unknown;
}

export interface WireExpectation {
  /** Every acceptable status. */
  readonly status: readonly number[];
  readonly headers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly bodyChecks: readonly WireCheck[];
  readonly stateAfter: readonly WireStateCheck[];
}

export interface WireCheck {
  readonly path: string;
  readonly op: string;
  readonly value?: unknown;
}

export interface WireStateCheck extends WireCheck {
  readonly resource: string;
  /** `$created` is the resource that the request created, `*` all of them. */
  readonly id: string;
}

/** How a case is driven, from its `drive: …` in `given`. */
export type WireDrive =
  | { readonly kind: 'once' }
  | { readonly kind: 'parallel'; readonly times: number }
  | { readonly kind: 'repeat'; readonly times: number };

/** A minute of steady load proves no more about an answer than this many requests do. */
const MAX_REPEATS = 100;

export function driveOf({ given }: WireCase): WireDrive {
  for (const step of given) {
    const parallel = /^drive: parallel (\d+)$/.exec(step);
    if (parallel) return { kind: 'parallel', times: Number(parallel[1]) };
    const repeat = /^drive: repeat (\d+) at \d+\/s$/.exec(step);
    if (repeat) return { kind: 'repeat', times: Math.min(Number(repeat[1]), MAX_REPEATS) };
    if (step.startsWith('drive:')) throw new Error(`Unknown drive: ${step}`);
  }
  return { kind: 'once' };
}

/** The title of the test; says so where less is done than was recorded. */
export function titleOf(wireCase: WireCase): string {
  const drive = driveOf(wireCase);
  const note = drive.kind === 'repeat' ? ` [here: ${drive.times} requests without a pause]` : '';
  return `${wireCase.id}: ${wireCase.when}${note}`;
}
