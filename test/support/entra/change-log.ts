import type { ObjectType, Properties } from './directory-object.ts';

export type Lifecycle = 'created' | 'updated' | 'softDeleted' | 'restored' | 'purged';

interface Logged {
  /** Position in the log, from 1. */
  readonly sequence: number;
  readonly at: number;
  readonly id: string;
}

export interface ObjectChange extends Logged {
  readonly about: ObjectType;
  readonly what: Lifecycle;
  /** What an update set; empty for the rest of an object's life. */
  readonly values: Properties;
}

/** `id` is the group. */
export interface MembersChange extends Logged {
  readonly about: 'members';
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export type Change = ObjectChange | MembersChange;
export type NewChange = Omit<ObjectChange, 'sequence' | 'at'> | Omit<MembersChange, 'sequence' | 'at'>;

/** Everything that happened to one tenant's directory, in order. Delta links point into it. */
export class ChangeLog {
  readonly #changes: Change[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get latest(): number {
    return this.#changes.length;
  }

  append(change: NewChange): Change {
    const logged: Change = { ...change, sequence: this.#changes.length + 1, at: this.#now() };
    this.#changes.push(logged);
    return logged;
  }

  /** Changes after `from` up to and with `to`. */
  between(from: number, to: number): readonly Change[] {
    return this.#changes.slice(from, to);
  }

  /** The last change that is not younger than the given time: what a lagging replica knows. */
  latestAt(time: number): number {
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle]?.at ?? 0) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
