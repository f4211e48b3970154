import fc from 'fast-check';

/** One thing that a directory says about a user. `delete` may be followed by `restore`; `tombstone` renames and disables. */
export type Fact =
  | { readonly kind: 'title' | 'phone' | 'lastName'; readonly value: string }
  | { readonly kind: 'join' | 'leave'; readonly group: number }
  | { readonly kind: 'disable' | 'enable' | 'tombstone' | 'delete' | 'restore' };

/** Groups of a connection: employees, client portal users, other employees; the first one goes before the others. */
export const groupCount = 3;

const group = fc.nat(groupCount - 1);

const anyFact: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({ kind: fc.constant('title' as const), value: fc.constantFrom('Engineer', 'Director', 'Clerk') }),
  fc.record({ kind: fc.constant('phone' as const), value: fc.constantFrom('1', '2') }),
  fc.record({ kind: fc.constant('lastName' as const), value: fc.constantFrom('Doe', 'Roe') }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('join' as const), group }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), group }) },
  fc.record({ kind: fc.constantFrom('disable' as const, 'enable' as const) }),
  fc.record({ kind: fc.constantFrom('tombstone' as const, 'enable' as const) }),
  fc.record({ kind: fc.constantFrom('delete' as const, 'restore' as const) }),
);

/** What is told of each of so many users, in the order of each. */
export const factsOfEach = (users: number, most: number): fc.Arbitrary<readonly (readonly Fact[])[]> =>
  fc.array(fc.array(anyFact, { maxLength: most }), { minLength: users, maxLength: users });

/** An order in which facts of several users arrive: whose comes next, and whether what was told last is told again. */
export interface Arrival {
  readonly who: number;
  readonly isRepeated: boolean;
}

export const anyOrder = (users: number, length: number): fc.Arbitrary<readonly Arrival[]> =>
  fc.array(fc.record({ who: fc.nat(users - 1), isRepeated: fc.boolean() }), {
    minLength: length,
    maxLength: length,
  });

export interface Told {
  readonly who: number;
  /** Null: the user is made known. */
  readonly fact: Fact | null;
  readonly isRepeated: boolean;
}

/** All facts of all users, those of each in their order, mixed as they arrive. Whoever is not asked for comes at the end. */
export function arrive(facts: readonly (readonly Fact[])[], order: readonly Arrival[]): readonly Told[] {
  const waiting = facts.map((own): (Fact | null)[] => [null, ...own]);
  const told: Told[] = [];
  const take = ({ who, isRepeated }: Arrival): void => {
    const fact = waiting[who]?.shift();
    if (fact !== undefined) told.push({ who, fact, isRepeated });
  };
  order.forEach(take);
  for (const [who, own] of waiting.entries()) while (own.length > 0) take({ who, isRepeated: false });
  return told;
}

/** HISTORY_RUNS tries more of them, HISTORY_SEED others. */
export const historySettings = (numRuns: number) => ({
  numRuns: Number(process.env['HISTORY_RUNS'] ?? numRuns),
  seed: Number(process.env['HISTORY_SEED'] ?? 20_261_127),
});

/** Of a test with a database, in milliseconds: an hour for those who ask for more. */
export const historyTimeout = process.env['HISTORY_RUNS'] === undefined ? 110_000 : 3_600_000;
