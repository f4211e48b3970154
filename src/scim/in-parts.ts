import { setImmediate } from 'node:timers/promises';

/** The list in parts, between which the event loop turns: a hundred thousand of anything must not hold up other requests. */
export async function* inParts<Item>(
  list: readonly Item[],
  atOnce: number,
): AsyncGenerator<readonly Item[], void, undefined> {
  for (let at = 0; at < list.length; at += atOnce) {
    if (at > 0) await setImmediate();
    yield list.slice(at, at + atOnce);
  }
}
