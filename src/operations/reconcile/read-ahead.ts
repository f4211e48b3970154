/** The same items, the next one always on its way: it is read while this one is worked on. */
export async function* readAhead<Item>(source: AsyncIterable<Item>): AsyncGenerator<Item> {
  const items = source[Symbol.asyncIterator]();
  let waiting = items.next();
  try {
    for (;;) {
      const { value, done } = await waiting;
      if (done) return;
      waiting = items.next();
      yield value;
    }
  } finally {
    // Whoever stops early must not leave a statement behind that runs when the transaction has ended.
    await waiting.catch(() => undefined);
    await items.return?.();
  }
}
