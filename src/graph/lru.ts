/** A map that forgets what was not used for longest. */
export interface Lru<Value> {
  readonly get: (key: string) => Value | undefined;
  readonly set: (key: string, value: Value) => void;
  readonly deleteWhere: (isGone: (key: string) => boolean) => void;
}

export function makeLru<Value>(capacity: number): Lru<Value> {
  const entries = new Map<string, Value>();
  return {
    get: (key) => {
      const value = entries.get(key);
      if (value === undefined) return undefined;
      entries.delete(key);
      entries.set(key, value);
      return value;
    },
    set: (key, value) => {
      entries.delete(key);
      entries.set(key, value);
      const oldest = entries.keys().next();
      if (entries.size > capacity && !oldest.done) entries.delete(oldest.value);
    },
    deleteWhere: (isGone) => {
      for (const key of entries.keys()) if (isGone(key)) entries.delete(key);
    },
  };
}
