export interface RefusalFacts {
  readonly scimType?: ScimType;
  readonly headers?: Readonly<Record<string, string>>;
}

/** RFC 7644 table 9 and RFC 9865 §2.1. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'sensitive'
  | 'invalidCursor'
  | 'invalidCount';

/** A refusal that belongs to the protocol itself: wrong method, unknown address, missing token, too many operations. */
export class ScimRefusal extends Error {
  readonly status: number;
  readonly scimType: ScimType | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, facts: RefusalFacts = {}) {
    super(detail);
    this.name = 'ScimRefusal';
    this.status = status;
    this.scimType = facts.scimType ?? null;
    this.headers = facts.headers ?? {};
  }
}
