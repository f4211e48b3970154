import { OperationError } from '../operations/operation-error.ts';

/** A value that the attribute cannot take. The value itself is not repeated: it may be personal. */
export function valueFault(detail: string): OperationError {
  return new OperationError('invalid', detail, { reason: 'value' });
}

export function tooMany(detail: string): OperationError {
  return new OperationError('invalid', detail, { reason: 'too-many' });
}

export function mutabilityFault(detail: string): OperationError {
  return new OperationError('invalid', detail, { reason: 'mutability' });
}
