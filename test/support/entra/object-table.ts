import type { DirectoryObject, ObjectType, Properties } from './directory-object.ts';

/** Users or groups of one tenant, in the order in which they were added. */
export class ObjectTable {
  readonly #type: ObjectType;
  readonly #objects = new Map<string, DirectoryObject>();
  readonly #deleted = new Set<string>();
  /** Purged objects keep their place, so that a page that ended there can be continued. */
  readonly order: string[] = [];

  constructor(type: ObjectType) {
    this.#type = type;
  }

  get liveCount(): number {
    return this.#objects.size - this.#deleted.size;
  }

  add(id: string, properties: Properties): DirectoryObject {
    if (this.#objects.has(id)) throw new Error(`There is already a ${this.#type} ${id}.`);
    const object: DirectoryObject = { id, type: this.#type, properties, deletedAt: null };
    this.#objects.set(id, object);
    this.order.push(id);
    return object;
  }

  /** Live or in the recycle bin. */
  get(id: string): DirectoryObject | undefined {
    return this.#objects.get(id);
  }

  live(id: string): DirectoryObject | undefined {
    const object = this.#objects.get(id);
    return object?.deletedAt === null ? object : undefined;
  }

  isLive(id: string): boolean {
    return this.#objects.has(id) && !this.#deleted.has(id);
  }

  *eachLive(): Generator<DirectoryObject> {
    for (const object of this.#objects.values()) if (object.deletedAt === null) yield object;
  }

  *eachDeleted(): Generator<DirectoryObject> {
    for (const id of this.#deleted) {
      const object = this.#objects.get(id);
      if (object) yield object;
    }
  }

  /** The object, or an error that names what is missing. */
  expect(id: string, state: 'live' | 'deleted'): DirectoryObject {
    const object = this.#objects.get(id);
    const isLive = object?.deletedAt === null;
    if (object === undefined || isLive !== (state === 'live')) {
      throw new Error(`There is no ${state} ${this.#type} ${id}.`);
    }
    return object;
  }

  replace(id: string, properties: Properties, deletedAt: number | null): void {
    this.#objects.set(id, { id, type: this.#type, properties, deletedAt });
    if (deletedAt === null) this.#deleted.delete(id);
    else this.#deleted.add(id);
  }

  purge(id: string): void {
    this.#objects.delete(id);
    this.#deleted.delete(id);
  }
}
