import { type FieldFault, OperationError } from './operation-error.ts';

/** Gathers what is wrong with a body, so that the caller learns of all faults at once. */
export class FieldFaults {
  readonly #faults: FieldFault[] = [];
  readonly #base: string;

  /** `base`: JSON pointer of the part of the body that all pointers start from. */
  constructor(base = '') {
    this.#base = base;
  }

  /** `detail`: a sentence with its full stop, or what is to be said of the field, such as `is required`. */
  add(pointer: string, detail: string): void {
    this.#faults.push({ pointer: this.#base + pointer, detail });
  }

  /** Ends the operation: the field is well-formed, but something stands in its way. */
  conflict(pointer: string, detail: string): never {
    throw new OperationError('conflict', detail, { fields: [{ pointer: this.#base + pointer, detail }] });
  }

  all(): readonly FieldFault[] {
    return this.#faults;
  }

  /** Ends the operation when there were any. */
  raise(): void {
    const [first] = this.#faults;
    if (first === undefined) return;
    const detail = this.#faults.length === 1 ? sentenceOf(first) : 'The request is not valid.';
    throw new OperationError('invalid', detail, { reason: 'value', fields: this.#faults });
  }
}

const sentenceOf = ({ pointer, detail }: FieldFault): string =>
  /[.?]$/.test(detail) ? detail : `The request is not valid: ${pointer} ${detail}.`;

/** A text as it is kept: without surrounding white space, null when nothing is left. */
export function tidy(text: string | null): string | null {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
}

/** The value that a merge patch (RFC 7396) leaves: the new one when the member is present, else the old one. */
export const patched = <Value>(given: Value | undefined, present: Value): Value =>
  given === undefined ? present : given;

/** Like `patched`, for optional text. */
export const patchedText = (given: string | null | undefined, present: string | null): string | null =>
  given === undefined ? present : tidy(given);
