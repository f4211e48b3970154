const rememberedMs = 1000;
/** Fewer are counted in no time. */
const worthRemembering = 2000;
const connectionsAtMost = 1000;

/**
 * How many live users a connection has, for a second. Clients that read page by page ask again with every page, and
 * counting 100,000 users takes longer than reading 100 of them. What this process changes counts at once; another one that
 * shares the database is seen within the second.
 */
export class RememberedTotals {
  readonly #totals = new Map<string, { readonly total: number; readonly until: number }>();
  readonly #changes = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  recall(connectionId: string): number | null {
    const known = this.#totals.get(connectionId);
    return known !== undefined && known.until > this.#now() ? known.total : null;
  }

  /** Answers by which to remember what is counted from now on. */
  counting(connectionId: string): (total: number) => void {
    const start = this.#now();
    return (total) => {
      // A change that was sent before may have been committed behind the count.
      const changed = this.#changes.get(connectionId) ?? Number.NEGATIVE_INFINITY;
      if (total < worthRemembering || changed > start - rememberedMs) return;
      if (this.#totals.size >= connectionsAtMost) this.#totals.clear();
      this.#totals.set(connectionId, { total, until: start + rememberedMs });
    };
  }

  /** Somebody joins or leaves. */
  changed(connectionId: string): void {
    const now = this.#now();
    this.#totals.delete(connectionId);
    if (this.#changes.size >= connectionsAtMost) {
      for (const [id, at] of this.#changes) if (at < now - rememberedMs) this.#changes.delete(id);
    }
    this.#changes.set(connectionId, now);
  }
}
