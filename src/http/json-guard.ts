export const QUOTE = 0x22;
const BACKSLASH = 0x5c;
export const OPENING_BRACKET = 0x5b;
export const CLOSING_BRACKET = 0x5d;
export const OPENING_BRACE = 0x7b;
export const CLOSING_BRACE = 0x7d;

/** Assigning one of these to a plain object reaches what all objects share. */
const UNSAFE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const MAY_HOLD_UNSAFE_KEY = /"(?:__proto__|constructor|prototype)"|\\u/;

/** Where the quote is that ends the string whose opening quote is at `start`; behind the bytes when there is none. */
export function endOfString(bytes: Uint8Array, start: number): number {
  let index = start + 1;
  while (index < bytes.length && bytes[index] !== QUOTE) index += bytes[index] === BACKSLASH ? 2 : 1;
  return index;
}

/** Counts brackets in the undecoded bytes, so that a hostile body is refused before anything is built from it. */
export function isDeeperThan(bytes: Uint8Array, maxDepth: number): boolean {
  let depth = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (byte === QUOTE) index = endOfString(bytes, index);
    else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) depth -= 1;
  }
  return false;
}

/** The first member name that could reach a prototype, anywhere in `value`. `text` is what it was parsed from. */
export function findUnsafeKey(text: string, value: unknown): string | undefined {
  if (!MAY_HOLD_UNSAFE_KEY.test(text)) return undefined;
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const current = waiting.pop();
    if (typeof current !== 'object' || current === null) continue;
    if (Array.isArray(current)) {
      for (const item of current) waiting.push(item);
      continue;
    }
    for (const [key, inner] of Object.entries(current)) {
      if (UNSAFE_KEYS.has(key)) return key;
      waiting.push(inner);
    }
  }
  return undefined;
}
