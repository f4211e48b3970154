import { setImmediate } from 'node:timers/promises';
import {
  CLOSING_BRACE,
  CLOSING_BRACKET,
  endOfString,
  OPENING_BRACE,
  OPENING_BRACKET,
  QUOTE,
} from './json-guard.ts';

const COMMA = 0x2c;

/** A list whose elements are read part by part: where they begin and end, and the commas at which they are cut. */
interface LongList {
  readonly from: number;
  readonly cuts: readonly number[];
  readonly to: number;
}

export interface StepOptions {
  /** Throws for what is no JSON. */
  readonly parse: (text: string) => unknown;
  readonly stepBytes: number;
  readonly maxDepth: number;
}

export type SteppedJson = { readonly kind: 'too-deep' } | { readonly kind: 'read'; readonly value: unknown };

/** Where the object or list at each depth began, and where it has been cut. */
class Nesting {
  readonly from: Int32Array;
  readonly lastCut: Int32Array;
  readonly isList: Uint8Array;
  /** Part of a list that is cut, or around one. */
  readonly isWhole: Uint8Array;
  readonly cuts: number[][] = [];
  depth = 0;

  constructor(maxDepth: number) {
    this.from = new Int32Array(maxDepth + 1);
    this.lastCut = new Int32Array(maxDepth + 1);
    this.isList = new Uint8Array(maxDepth + 1);
    this.isWhole = new Uint8Array(maxDepth + 1);
    for (let depth = 0; depth <= maxDepth; depth += 1) this.cuts.push([]);
  }

  open(index: number, isList: boolean): void {
    const around = this.depth;
    this.depth += 1;
    this.from[this.depth] = index + 1;
    this.lastCut[this.depth] = index + 1;
    this.isList[this.depth] = isList ? 1 : 0;
    this.isWhole[this.depth] = this.isWhole[around] === 1 || this.cuts[around]?.length !== 0 ? 1 : 0;
  }

  comma(index: number, stepBytes: number): void {
    const { depth } = this;
    if (this.isList[depth] === 0 || this.isWhole[depth] === 1) return;
    if (index - (this.lastCut[depth] ?? 0) < stepBytes) return;
    this.cuts[depth]?.push(index);
    this.lastCut[depth] = index;
    this.isWhole.fill(1, 1, depth);
  }

  /** The list that ends, when it has been cut. */
  close(index: number): LongList | null {
    const { depth } = this;
    if (depth === 0) return null;
    this.depth -= 1;
    const cuts = this.cuts[depth] ?? [];
    if (cuts.length === 0) return null;
    this.cuts[depth] = [];
    return { from: this.from[depth] ?? 0, cuts, to: index };
  }
}

/**
 * Pauses (yields) now and then; null for what is nested too deep. Brackets that do not match leave nothing out: what is
 * cut is read by `parse` as well.
 */
function* findLongLists(
  bytes: Uint8Array,
  { stepBytes, maxDepth }: StepOptions,
): Generator<undefined, readonly LongList[] | null> {
  const found: LongList[] = [];
  const nesting = new Nesting(maxDepth);
  let nextPause = stepBytes * 4;
  for (let index = 0; index < bytes.length; index += 1) {
    if (index > nextPause) {
      nextPause = index + stepBytes * 4;
      yield;
    }
    const byte = bytes[index];
    if (byte === QUOTE) index = endOfString(bytes, index);
    else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      if (nesting.depth === maxDepth) return null;
      nesting.open(index, byte === OPENING_BRACKET);
    } else if (byte === COMMA) nesting.comma(index, stepBytes);
    else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) {
      const list = nesting.close(index);
      if (list !== null) found.push(list);
    }
  }
  return found;
}

/**
 * What `parse` makes of the JSON in `bytes`, read in steps between which the event loop turns: a long list is taken out,
 * read in parts and put back.
 */
export async function parseInSteps(bytes: Buffer, options: StepOptions): Promise<SteppedJson> {
  const search = findLongLists(bytes, options);
  let step = search.next();
  for (; step.done !== true; step = search.next()) await setImmediate();
  const lists = step.value;
  if (lists === null) return { kind: 'too-deep' };
  const nonce = crypto.randomUUID();
  let skeleton = '';
  let end = 0;
  for (const [index, { from, to }] of lists.entries()) {
    skeleton += `${bytes.toString('utf8', end, from)}"${nonce}${index}"`;
    end = to;
  }
  const value = options.parse(skeleton + bytes.toString('utf8', end));
  for (const list of listsIn(value)) {
    const [mark] = list;
    const isMark = typeof mark === 'string' && mark.startsWith(nonce);
    const long = isMark ? lists[Number(mark.slice(nonce.length))] : undefined;
    if (long === undefined) continue;
    list.length = 0;
    for (const part of partsOf(bytes, long)) {
      await setImmediate();
      const elements = options.parse(`[${part}]`);
      if (Array.isArray(elements)) for (const element of elements) list.push(element);
    }
  }
  return { kind: 'read', value };
}

/** Between two commas there must be something: what is blank is given to the parser as the fault that it is. */
function* partsOf(bytes: Buffer, { from, cuts, to }: LongList): Generator<string> {
  let start = from;
  for (const end of [...cuts, to]) {
    const part = bytes.toString('utf8', start, end);
    yield part.trim() === '' ? ',' : part;
    start = end + 1;
  }
}

/** All lists of one element, where they were found before anything is put into them. */
function listsIn(value: unknown): readonly unknown[][] {
  const lists: unknown[][] = [];
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const current = waiting.pop();
    if (typeof current !== 'object' || current === null) continue;
    if (Array.isArray(current) && current.length === 1) lists.push(current);
    for (const inner of Object.values(current)) waiting.push(inner);
  }
  return lists;
}
