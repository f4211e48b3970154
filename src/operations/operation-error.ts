/** Why an operation refused. Adapters map the kind to a status; nobody else knows status codes. */
export type OperationErrorKind =
  | 'not-found'
  /** A uniqueness or state conflict. */
  | 'conflict'
  | 'invalid'
  /** The caller's version precondition no longer holds. */
  | 'stale'
  | 'held'
  | 'forbidden'
  /** The database or another collaborator is away; a retry later may succeed. */
  | 'unavailable';

/** Finer cause of `invalid`; the SCIM adapter maps it to a scimType (RFC 7644 table 9). */
export type InvalidReason =
  | 'filter'
  | 'path'
  | 'no-target'
  | 'syntax'
  | 'value'
  | 'mutability'
  | 'too-many'
  | 'cursor';

export interface FieldFault {
  /** JSON pointer into the request body. */
  readonly pointer: string;
  readonly detail: string;
}

export interface OperationErrorFacts {
  readonly cause?: unknown;
  readonly reason?: InvalidReason;
  readonly fields?: readonly FieldFault[];
  /** Names of mandatory fields that have no value yet. */
  readonly missing?: readonly string[];
  /** What stands in the way, for instance the relations that forbid a deletion. */
  readonly blockers?: readonly object[];
  /** What would happen now, where something else was expected. */
  readonly digest?: string;
}

/** The one error class of operations. `detail` is shown to the caller: a sentence that says what to do. */
export class OperationError extends Error {
  readonly kind: OperationErrorKind;
  readonly reason: InvalidReason | null;
  readonly fields: readonly FieldFault[];
  readonly missing: readonly string[];
  readonly blockers: readonly object[];
  readonly digest: string | null;

  constructor(kind: OperationErrorKind, detail: string, facts: OperationErrorFacts = {}) {
    super(detail, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'OperationError';
    this.kind = kind;
    this.reason = facts.reason ?? null;
    this.fields = facts.fields ?? [];
    this.missing = facts.missing ?? [];
    this.blockers = facts.blockers ?? [];
    this.digest = facts.digest ?? null;
  }
}
