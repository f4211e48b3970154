import pg from 'pg';
import { readTimestamp } from './timestamp.ts';

const int8 = 20;
const timestamptz = 1184;

/** Of this pool alone: other users of `pg` in the process keep its defaults. */
const parsers: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [int8, Number],
  [timestamptz, readTimestamp],
]);

export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser: (id: number, format?: 'text' | 'binary') =>
    (format === 'binary' ? undefined : parsers.get(id)) ?? pg.types.getTypeParser(id, format),
};
