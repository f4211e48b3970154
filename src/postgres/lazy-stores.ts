/** How each store is made from what a unit of work hands out. */
export type StoreMakers<Origin, Stores> = {
  readonly [Name in keyof Stores]: (origin: Origin) => Stores[Name];
};

/**
 * Stores that are made when they are first asked for. A look-up asks for one of thirty, and making the others would cost
 * more than all its own work.
 */
export function defineStores<Origin, Stores extends object>(
  makers: StoreMakers<Origin, Stores>,
): (origin: Origin) => Stores {
  const prototype = {};
  for (const name in makers) {
    const make = makers[name];
    Object.defineProperty(prototype, name, {
      enumerable: true,
      get(this: { readonly origin: Origin; readonly made: Partial<Stores> }) {
        this.made[name] ??= make(this.origin);
        return this.made[name];
      },
    });
  }
  return (origin) => {
    const stores = Object.create(prototype);
    stores.origin = origin;
    stores.made = {};
    return stores;
  };
}
