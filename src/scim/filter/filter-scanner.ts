import { clip, type FilterReason, filterFault } from './filter-fault.ts';

/** A position in a filter text that only moves forward; every character is read a constant number of times. */
export interface FilterScanner {
  /** The next character, `''` at the end. */
  readonly peek: () => string;
  readonly take: (character: string) => boolean;
  /** Returns whether there was any space. */
  readonly skipSpaces: () => boolean;
  /** Everything up to the next space, bracket, parenthesis or quote. */
  readonly word: () => string;
  /** A JSON string, the position being at its opening quote. */
  readonly quoted: () => string;
  /** Takes `and` or `or` in any case when it stands there as a word. */
  readonly takeKeyword: (keyword: 'and' | 'or') => boolean;
  readonly position: () => number;
}

const SPACE = ' \t\r\n';
const STOP = `${SPACE}()[]"`;

export function makeFilterScanner(text: string, reason: FilterReason): FilterScanner {
  let at = 0;
  const peek = () => text.charAt(at);
  const isAt = (characters: string, index: number) =>
    index < text.length && characters.includes(text.charAt(index));

  return {
    peek,
    position: () => at,
    take: (character) => {
      if (peek() !== character) return false;
      at += 1;
      return true;
    },
    skipSpaces: () => {
      const start = at;
      while (isAt(SPACE, at)) at += 1;
      return at > start;
    },
    word: () => {
      const start = at;
      while (at < text.length && !isAt(STOP, at)) at += 1;
      return text.slice(start, at);
    },
    quoted: () => {
      const start = at;
      at += 1;
      while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1;
      if (at >= text.length)
        throw filterFault(reason, `The string that starts with ${clip(text.slice(start))} has no end`);
      at += 1;
      return readJsonString(text.slice(start, at), reason);
    },
    takeKeyword: (keyword) => {
      const end = at + keyword.length;
      if (text.slice(at, end).toLowerCase() !== keyword) return false;
      if (!isAt(SPACE, end) && text.charAt(end) !== '(') return false;
      at = end;
      return true;
    },
  };
}

/** RFC 7644 §3.4.2.2: comparison strings are JSON strings, escapes included. */
function readJsonString(json: string, reason: FilterReason): string {
  try {
    return String(JSON.parse(json));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw filterFault(reason, `${clip(json)} is not a JSON string`);
  }
}
