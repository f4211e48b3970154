import {
  type AnswerObject,
  type AnswerValue,
  isAnswerList,
  isAnswerObject,
  LongList,
} from './answer-value.ts';

const PART_LENGTH = 500;

/** Answer, `Resources`, resource, `members`: a long list is never deeper, so nothing below is looked at. */
const LONG_LIST_DEPTH = 3;

export function holdsLongList(value: AnswerValue, depth = 0): boolean {
  if (typeof value !== 'object' || value === null || depth > LONG_LIST_DEPTH) return false;
  if (value instanceof LongList) return true;
  return Object.values(value).some((inner) => holdsLongList(inner, depth + 1));
}

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

/** The JSON text of an answer in pieces of bounded size; what holds no long list is one piece. */
export function* jsonParts(value: AnswerValue): Generator<string> {
  if (value instanceof LongList) yield* partsOfLongList(value);
  else if (!holdsLongList(value)) yield JSON.stringify(value);
  else if (isAnswerList(value)) yield* partsOfList(value);
  else if (isAnswerObject(value)) yield* partsOfObject(value);
}
