import { OperationError } from '../../operations/operation-error.ts';

/** Where the text came from decides the SCIM error: `invalidFilter` for queries, `invalidPath` for PATCH paths. */
export type FilterReason = 'filter' | 'path';

export function filterFault(reason: FilterReason, detail: string): OperationError {
  return new OperationError('invalid', detail, { reason });
}

/** Client text as it may appear in an error sentence: short, so that no request echoes itself. */
export function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
