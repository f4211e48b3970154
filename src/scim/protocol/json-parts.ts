import {
  type AnswerObject,
  type AnswerValue,
  isAnswerList,
  isAnswerObject,
  LongList,
} from './answer-value.ts';
import { JsonText } from './json-text.ts';

const PART_LENGTH = 500;

/** Answer, `Resources`, resource, `members`: no such part is deeper, so nothing below is looked at. */
const PART_DEPTH = 3;

function holds(value: AnswerValue, Part: typeof LongList | typeof JsonText, depth = 0): boolean {
  if (typeof value !== 'object' || value === null || depth > PART_DEPTH) return false;
  if (value instanceof Part) return true;
  if (value instanceof JsonText || value instanceof LongList) return false;
  return Object.values(value).some((inner) => holds(inner, Part, depth + 1));
}

export const holdsLongList = (value: AnswerValue): boolean => holds(value, LongList);
const isPlain = (value: AnswerValue): boolean => !holds(value, JsonText) && !holds(value, LongList);

function* partsOfLongList(list: LongList): Generator<string> {
  yield '[';
  for (let from = 0; from < list.length; from += PART_LENGTH) {
    const text = JSON.stringify(list.part(from, Math.min(from + PART_LENGTH, list.length))).slice(1, -1);
    yield from === 0 ? text : `,${text}`;
  }
  yield ']';
}

function* partsOfList(list: readonly AnswerValue[]): Generator<string> {
  yield '[';
  for (const [index, item] of list.entries()) {
    if (index > 0) yield ',';
    yield* jsonParts(item);
  }
  yield ']';
}

function* partsOfObject(object: AnswerObject): Generator<string> {
  let separator = '{';
  for (const [name, value] of Object.entries(object)) {
    yield `${separator}${JSON.stringify(name)}:`;
    yield* jsonParts(value);
    separator = ',';
  }
  yield separator === '{' ? '{}' : '}';
}

/** The JSON text of an answer in pieces of bounded size; what holds neither a long list nor text is one piece. */
export function* jsonParts(value: AnswerValue): Generator<string> {
  if (value instanceof LongList) yield* partsOfLongList(value);
  else if (value instanceof JsonText) yield value.text;
  else if (isPlain(value)) yield JSON.stringify(value);
  else if (isAnswerList(value)) yield* partsOfList(value);
  else if (isAnswerObject(value)) yield* partsOfObject(value);
}

/** The same as one text. */
export function jsonOf(value: AnswerValue): string {
  let text = '';
  for (const part of jsonParts(value)) text += part;
  return text;
}
