/** The same items, the next one always on its way: the database reads it while this one is worked on. */
export async function* readAhead<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item> {
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
  }
}
