import { setImmediate } from 'node:timers/promises';
import { isUuid } from './uuid.ts';

/** A hundred thousand ids are looked at in steps, between which others are served. */
const idsAtOnce = 5000;

/** Ids as PostgreSQL reads an array: they need no quoting, and a driver that looks into each takes longer than the database. */
export const idArray = (ids: readonly string[]): string => `{${ids.join(',')}}`;

export interface SortedIds {
  readonly array: string;
  readonly isEmpty: boolean;
  /** What cannot be the id of a user. */
  readonly others: readonly string[];
}

export async function sortIds(ids: readonly string[]): Promise<SortedIds> {
  const parts: string[] = [];
  const others: string[] = [];
  for (let at = 0; at < ids.length; at += idsAtOnce) {
    if (at > 0) await setImmediate();
    const step = ids.slice(at, at + idsAtOnce);
    const possible = step.filter(isUuid);
    if (possible.length > 0) parts.push(possible.join(','));
    if (possible.length < step.length) others.push(...step.filter((id) => !isUuid(id)));
  }
  return { array: idArray(parts), isEmpty: parts.length === 0, others };
}

const lengthWithComma = 37;

/** Apart what PostgreSQL sent as one text with commas: in less time than a list. Null is nobody. */
export async function splitIds(text: string | null): Promise<readonly string[]> {
  const ids: string[] = [];
  const step = idsAtOnce * lengthWithComma;
  for (let at = 0; text !== null && at < text.length; at += step) {
    if (at > 0) await setImmediate();
    ids.push(...text.slice(at, at + step - 1).split(','));
  }
  return ids;
}
