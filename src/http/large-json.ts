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
  /** Long lists inside it, in their order, and others inside those. */
  readonly inner: readonly LongList[];
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
  readonly cuts: number[][] = [];
  /** Long lists that have ended, except those inside others of them. */
  readonly found: LongList[] = [];
  depth = 0;

  constructor(maxDepth: number) {
    this.from = new Int32Array(maxDepth + 1);
    this.lastCut = new Int32Array(maxDepth + 1);
    this.isList = new Uint8Array(maxDepth + 1);
    for (let depth = 0; depth <= maxDepth; depth += 1) this.cuts.push([]);
  }

  open(index: number, isList: boolean): void {
    this.depth += 1;
    this.from[this.depth] = index + 1;
    this.lastCut[this.depth] = index + 1;
    this.isList[this.depth] = isList ? 1 : 0;
  }

  comma(index: number, stepBytes: number): void {
    const { depth } = this;
    if (this.isList[depth] === 0 || index - (this.lastCut[depth] ?? 0) < stepBytes) return;
    this.cuts[depth]?.push(index);
    this.lastCut[depth] = index;
  }

  close(index: number): void {
    const { depth } = this;
    if (depth === 0) return;
    this.depth -= 1;
    const cuts = this.cuts[depth] ?? [];
    if (cuts.length === 0) return;
    this.cuts[depth] = [];
    const from = this.from[depth] ?? 0;
    const inside = this.found.findLastIndex((list) => list.from < from) + 1;
    this.found.push({ from, cuts, to: index, inner: this.found.splice(inside) });
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
    else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) nesting.close(index);
  }
  return nesting.found;
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
  const source = { bytes, parse: options.parse, nonce: crypto.randomUUID() };
  return { kind: 'read', value: await readAround(lists, source, { from: 0, to: bytes.length }) };
}

interface Source extends Pick<StepOptions, 'parse'> {
  readonly bytes: Buffer;
  /** Begins the marks that stand for lists while what is around them is read. */
  readonly nonce: string;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** The value in the range, which these lists are taken out of; as the elements of a list where it is a part of one. */
async function readAround(
  lists: readonly LongList[],
  source: Source,
  { from, to }: Range,
  asElements = false,
): Promise<unknown> {
  const { bytes, parse, nonce } = source;
  let text = '';
  let end = from;
  for (const [index, list] of lists.entries()) {
    text += `${bytes.toString('utf8', end, list.from)}"${nonce}${index}"`;
    end = list.to;
  }
  text += bytes.toString('utf8', end, to);
  const value = parse(asElements ? elementsOf(text) : text);
  if (lists.length === 0) return value;
  for (const list of listsIn(value)) {
    const [mark] = list;
    const isMark = typeof mark === 'string' && mark.startsWith(nonce);
    const long = isMark ? lists[Number(mark.slice(nonce.length))] : undefined;
    if (long !== undefined) await refill(list, long, source);
  }
  return value;
}

/** Between two commas there must be something: what is blank is given to the parser as the fault that it is. */
const elementsOf = (text: string): string => `[${text.trim() === '' ? ',' : text}]`;

async function refill(list: unknown[], { from, cuts, to, inner }: LongList, source: Source): Promise<void> {
  list.length = 0;
  let start = from;
  let next = 0;
  for (const end of [...cuts, to]) {
    await setImmediate();
    const first = next;
    while ((inner[next]?.from ?? Number.POSITIVE_INFINITY) < end) next += 1;
    const elements = await readAround(inner.slice(first, next), source, { from: start, to: end }, true);
    if (Array.isArray(elements)) for (const element of elements) list.push(element);
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
