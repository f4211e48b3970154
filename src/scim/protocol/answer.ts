import type { AnswerObject } from './answer-value.ts';

/** What one request, or one operation of a bulk request, comes to. */
export class Answer {
  readonly status: number;
  /** A string is JSON already; null is an answer without a body. */
  readonly body: AnswerObject | string | null;
  /** Absolute address of the resource that the answer is about. */
  readonly location: string | null;
  /** Its weak entity tag, equal to `meta.version`. */
  readonly version: string | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, parts: AnswerParts = {}) {
    this.status = status;
    this.body = parts.body ?? null;
    this.location = parts.location ?? null;
    this.version = parts.version ?? null;
    this.headers = parts.headers ?? {};
  }
}

export interface AnswerParts {
  readonly body?: AnswerObject | string;
  readonly location?: string;
  readonly version?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
