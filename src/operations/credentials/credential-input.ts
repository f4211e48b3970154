import { OperationError } from '../operation-error.ts';

/** A moment as it is stored, UTC; null means never. A credential that is born expired is a mistake. */
export function readExpiry(expiresAt: string | null | undefined, now: string): string | null {
  if (expiresAt == null) return null;
  const moment = new Date(expiresAt).toISOString();
  if (moment > now) return moment;
  const fields = [{ pointer: '/expiresAt', detail: 'must be in the future' }];
  throw new OperationError('invalid', 'The expiry must be in the future.', { reason: 'value', fields });
}
