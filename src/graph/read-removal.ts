import type { RemovalReason } from '../directory/delta-change.ts';
import { type Fields, has } from './read-json.ts';

/** Null for a row about an object that exists. A reason that is not known counts as the one that can be undone. */
export function readRemovalReason(row: Fields): RemovalReason | null {
  if (!has(row, '@removed')) return null;
  const removed = row['@removed'];
  const isFinal =
    typeof removed === 'object' && removed !== null && 'reason' in removed && removed.reason === 'deleted';
  return isFinal ? 'deleted' : 'changed';
}
