import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UserContent } from '../../src/directory/directory-user.ts';
import { OperationError } from '../../src/operations/operation-error.ts';
import { makeCatalogue } from '../../src/scim/catalogue.ts';
import { readFilter } from '../../src/scim/filter/read-filter.ts';
import { readPath } from '../../src/scim/filter/read-path.ts';
import { readSortPath } from '../../src/scim/filter/read-sort-path.ts';
import { readGroupPatch } from '../../src/scim/patch/read-group-patch.ts';
import { readUserPatch } from '../../src/scim/patch/read-user-patch.ts';
import { readGroup } from '../../src/scim/read-group.ts';
import { readUser } from '../../src/scim/read-user.ts';
import { CORE_GROUP, CORE_USER, deepFreeze, ENTERPRISE, group, PATCH_OP, user } from './scim-fixtures.ts';

/** FUZZ_SECONDS runs longer, FUZZ_SEED repeats a run that failed. */
const seconds = Number(process.env.FUZZ_SECONDS ?? 3);
const firstSeed = Number(process.env.FUZZ_SEED ?? 20_260_101);

const ACME = 'urn:ietf:params:scim:schemas:extension:acme:2.0:User';
const catalogue = makeCatalogue([
  {
    schema: ACME,
    name: 'Acme',
    resource: 'User',
    attributes: [
      { name: 'badge', type: 'integer' },
      { name: 'hired', type: 'dateTime' },
      { name: 'tags', multiValued: true },
      { name: 'origin', mutability: 'immutable' },
      {
        name: 'seat',
        type: 'complex',
        subAttributes: [{ name: 'floor', type: 'decimal' }, { name: 'value' }],
      },
    ],
  },
]);

type Random = () => number;

/** Mulberry32: small, seeded, good enough to reach odd corners again. */
function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  assert.ok(item !== undefined);
  return item;
}

const names = [
  ...catalogue.schemas.flatMap((schema) => [
    schema.id,
    ...schema.attributes.flatMap((attribute) => [
      attribute.name,
      `${schema.id}:${attribute.name}`,
      ...attribute.subAttributes.flatMap((sub) => [sub.name, `${attribute.name}.${sub.name}`]),
    ]),
  ]),
  ...[
    'id',
    'externalId',
    'meta',
    'meta.created',
    'schemas',
    'members',
    'unknown',
    '__proto__',
    'constructor',
    'a.b.c',
    '$ref',
  ],
  ...[
    'emails[type eq "work"].value',
    'emails[type eq "work"]',
    'roles[primary eq "True"].value',
    'members[value eq "a"]',
  ],
  ...['emails[value sw "a" or not (primary eq true)]', 'tags[value eq "x"]', 'urn:scim:schemas:core:1.0', ''],
];

const texts = [
  '',
  'a',
  'work',
  'a@x',
  'True',
  'false',
  'null',
  ' ',
  '"',
  '\\',
  '\0',
  '\ud800',
  '\u212a',
  '1',
  '2024-02-29T10:00:00Z',
];
const tokens = [
  ...names,
  ...['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'pr', 'EQ', 'and', 'or', 'not', 'AND', 'xx'],
  ...[
    '(',
    ')',
    '[',
    ']',
    '.',
    ':',
    ' ',
    '  ',
    '"',
    '\\',
    '\t',
    ',',
    '"a"',
    '"work"',
    '"\\u0041"',
    '"2024-02-29T10:00:00Z"',
  ],
  ...['true', 'False', 'null', '1', '-1.5e3', '1e999', '"', "'a'", 'word', '\u0000', 'é', '😀'],
];

function soup(random: Random): string {
  const glue = pick(random, [' ', ' ', ' ', '']);
  return Array.from({ length: 1 + Math.floor(random() * 14) }, () => pick(random, tokens)).join(glue);
}

/** A filter that mostly reads, so that the typed side is reached as well. */
function likelyFilter(random: Random, depth = 0): string {
  const roll = random();
  if (depth < 4 && roll < 0.2) return `(${likelyFilter(random, depth + 1)})`;
  if (depth < 4 && roll < 0.3) return `not (${likelyFilter(random, depth + 1)})`;
  if (depth < 4 && roll < 0.5) {
    return `${likelyFilter(random, depth + 1)} ${pick(random, ['and', 'or'])} ${likelyFilter(random, depth + 1)}`;
  }
  if (roll < 0.6) return `${pick(random, ['emails', 'roles', 'groups', 'tags'])}[${likelyFilter(random, 4)}]`;
  const value = pick(random, ['"a"', '"work"', 'true', '1', 'null', 'word', '"2024-02-29T10:00:00Z"']);
  return `${pick(random, names)} ${pick(random, ['eq', 'ne', 'co', 'gt', 'pr', 'LE'])} ${value}`;
}

function value(random: Random, depth = 0): unknown {
  const roll = random();
  if (roll < 0.25) return pick(random, texts);
  if (roll < 0.35) return pick(random, [null, true, false, 0, -1, 1.5, 1e21, 701984]);
  if (roll < 0.4) return pick(random, names);
  if (depth > 3) return null;
  if (roll < 0.6) return Array.from({ length: Math.floor(random() * 4) }, () => value(random, depth + 1));
  const keys = Array.from({ length: Math.floor(random() * 5) }, () =>
    pick(random, random() < 0.5 ? ['value', 'type', 'primary', 'display', '$ref', 'Value'] : names),
  );
  // Entries, not assignment: `__proto__` becomes a key as it does in parsed JSON.
  return Object.fromEntries(keys.map((key) => [key, value(random, depth + 1)]));
}

function body(random: Random, schema: string): unknown {
  const roll = random();
  if (roll < 0.05) return value(random);
  const content = value(random);
  const entries = typeof content === 'object' && content !== null ? Object.entries(content) : [];
  return Object.fromEntries([
    ['schemas', roll < 0.1 ? value(random) : [schema]],
    ['userName', roll < 0.15 ? value(random) : 'ada@x'],
    ['displayName', roll < 0.15 ? value(random) : 'Ada'],
    ...entries,
    ...Array.from({ length: Math.floor(random() * 5) }, () => [pick(random, names), value(random)] as const),
  ]);
}

function patch(random: Random): unknown {
  const operations = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
    if (random() < 0.03) return value(random);
    const operation = new Map<string, unknown>([
      ['op', pick(random, ['add', 'Replace', 'remove', 'ADD', random() < 0.2 ? 'move' : 'replace'])],
    ]);
    if (random() < 0.75) operation.set('path', random() < 0.1 ? soup(random) : pick(random, names));
    if (random() < 0.9) operation.set('value', value(random));
    return Object.fromEntries(operation);
  });
  const roll = random();
  return {
    schemas: roll < 0.03 ? value(random) : [PATCH_OP],
    Operations: roll > 0.97 ? value(random) : operations,
  };
}

const stored: readonly UserContent[] = deepFreeze([
  user(),
  user(
    {
      name: { givenName: 'Ada', familyName: 'L' },
      emails: [
        { type: 'work', value: 'a@x', primary: true },
        { type: 'home', value: 'a' },
      ],
      roles: [{ value: 'a', primary: true }, { value: 'work' }],
      addresses: [{ type: 'work', locality: 'a' }],
      [ENTERPRISE]: { manager: { value: 'a' }, department: 'a' },
      [ACME]: { tags: ['x', 'a'], badge: 1, seat: { floor: 1.5 } },
    },
    { active: false, externalId: null },
  ),
]);

function refused(error: unknown): null {
  if (error instanceof OperationError && error.kind === 'invalid' && error.reason !== null) return null;
  throw error;
}

/** What a reader may answer: content of the catalogue's names, or OperationError('invalid'). */
function attempt<Answer>(read: () => Answer): Answer | null {
  try {
    return read();
  } catch (error) {
    return refused(error);
  }
}

function checkContent(content: UserContent): void {
  for (const name of Object.keys(content.attributes)) {
    const isKnown = catalogue.schema(name)?.id === name || catalogue.attribute('User', name)?.name === name;
    assert.ok(
      isKnown && !['id', 'meta', 'groups', 'password', 'userName', 'active', 'externalId'].includes(name),
      name,
    );
  }
  const { attributes, ...rest } = content;
  const again = readUser(deepFreeze({ schemas: [CORE_USER], ...rest, ...attributes }), catalogue, {
    kind: 'replace',
    current: content,
  });
  assert.deepEqual(again, content, 'what was stored does not read back as itself');
}

const targets: Readonly<Record<string, (random: Random) => void | Promise<void>>> = {
  filters: (random) => {
    const text = random() < 0.5 ? soup(random) : likelyFilter(random);
    attempt(() => readFilter(text, pick(random, ['User', 'Group']), catalogue));
  },
  paths: (random) => {
    const text =
      random() < 0.5
        ? soup(random)
        : `${pick(random, names)}${pick(random, ['', '.value', '[type eq "a"].value'])}`;
    attempt(() => readPath(text, pick(random, ['User', 'Group']), catalogue));
    attempt(() => readSortPath(text, 'User', catalogue));
  },
  'user bodies': (random) => {
    const given = deepFreeze(body(random, CORE_USER));
    const content = attempt(() => readUser(given, catalogue, { kind: 'create' }));
    if (content !== null) checkContent(content);
  },
  'group bodies': async (random) => {
    const read = await readGroup(deepFreeze(body(random, CORE_GROUP)), catalogue).catch(refused);
    if (read !== null)
      assert.ok(read.memberIds === null || new Set(read.memberIds).size === read.memberIds.length);
  },
  'user patches': (random) => {
    const message = deepFreeze(patch(random));
    const current = pick(random, stored);
    const change = attempt(() => readUserPatch(message, catalogue));
    const content = change === null ? null : attempt(() => change(current));
    if (content !== null) checkContent(content);
  },
  'group patches': async (random) => {
    const change = await readGroupPatch(deepFreeze(patch(random)), catalogue).catch(refused);
    if (change !== null) attempt(() => change.content?.(deepFreeze(group())));
  },
};

describe('random input is read or refused, nothing else', () => {
  for (const [name, run] of Object.entries(targets)) {
    it(`${name}`, async (t) => {
      const end = Date.now() + (seconds * 1000) / Object.keys(targets).length;
      let seed = firstSeed;
      for (; seed === firstSeed || Date.now() < end; seed += 1) {
        try {
          await run(makeRandom(seed));
        } catch (error) {
          throw new Error(`FUZZ_SEED=${seed} fails`, { cause: error });
        }
      }
      assert.equal(Reflect.get({}, 'polluted'), undefined);
      assert.deepEqual(Object.keys(Object.prototype), []);
      t.diagnostic(`${seed - firstSeed} inputs`);
    });
  }
});
