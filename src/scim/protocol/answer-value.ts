import { JsonText } from './json-text.ts';

/** A resource or message on its way out: plain JSON, except for lists that are written part by part. */
export interface AnswerObject {
  readonly [name: string]: AnswerValue;
}
export type AnswerValue =
  | string
  | number
  | boolean
  | null
  | LongList
  | JsonText
  | AnswerObject
  | readonly AnswerValue[];

/**
 * A list too long to be turned into JSON in one go, such as the members of a very large group. It is represented and
 * written part by part, so that neither memory nor the event loop is held by one answer.
 */
export class LongList {
  readonly length: number;
  readonly part: (from: number, to: number) => readonly AnswerValue[];

  constructor(length: number, part: (from: number, to: number) => readonly AnswerValue[]) {
    this.length = length;
    this.part = part;
  }
}

export function isAnswerList(value: AnswerValue): value is readonly AnswerValue[] {
  return Array.isArray(value);
}

export function isAnswerObject(value: AnswerValue): value is AnswerObject {
  return typeof value === 'object' && value !== null && !isAnswerList(value) && !isWritten(value);
}

/** Whether the value is not written by way of its members. */
function isWritten(value: object): value is LongList | JsonText {
  return value instanceof LongList || value instanceof JsonText;
}
