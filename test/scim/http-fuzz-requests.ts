import { standardCatalogue } from '../../src/scim/catalogue.ts';

/** One request as it will be sent: nothing in it is checked or completed on the way. */
export interface FuzzRequest {
  readonly method: string;
  /** Relative to the base of the connection, percent-encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** What the requests of a run are about. */
export interface FuzzTarget {
  readonly userIds: readonly string[];
  readonly groupIds: readonly string[];
  /** A schema of the connection's own, and of what names its attributes are. */
  readonly extension: { readonly urn: string; readonly names: readonly string[] };
}

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

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const MESSAGE = 'urn:ietf:params:scim:api:messages:2.0:';

const names: readonly string[] = [
  ...standardCatalogue.schemas.flatMap((schema) =>
    schema.attributes.flatMap(({ name, subAttributes }) => [
      name,
      `${schema.id}:${name}`,
      ...subAttributes.flatMap((sub) => [`${name}.${sub.name}`, sub.name]),
    ]),
  ),
  ...['id', 'externalId', 'meta', 'meta.created', 'meta.version', 'schemas', 'members', 'groups', '$ref'],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    '__proto__.polluted',
    'a.b.c',
    '',
    '.',
    ':',
    'unknown',
  ],
  ...[USER, GROUP, ENTERPRISE, 'urn:x:y', 'urn:scim:schemas:core:1.0', `${ENTERPRISE}:`, `${USER}:__proto__`],
];
const texts: readonly string[] = [
  ...[
    '',
    'a',
    'work',
    'home',
    'ada@x',
    'True',
    'false',
    'null',
    ' ',
    '"',
    '\\',
    '\0',
    '\ud800',
    '\u202e',
    '\u212a',
  ],
  ...[
    '0',
    '-1',
    '1e309',
    '2024-02-29T10:00:00Z',
    '2024-13-40T99:99:99Z',
    '%',
    '_',
    '$1',
    "'; drop table users; --",
  ],
  ...[
    'a'.repeat(600),
    '\u00e9'.repeat(300),
    '\u{1f600}',
    'bulkId:1',
    '${x}',
    '{{x}}',
    '../../etc/passwd',
    '\n\r\t',
  ],
];
const literals: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    9_007_199_254_740_992,
    [],
    {},
    [[]],
    [null],
    [{}],
    { value: null },
  ],
  ...[
    { value: 'a', type: 'work', primary: true },
    [
      { value: 'a', primary: 'True' },
      { value: 'a', primary: true },
    ],
  ],
  ...[
    { $ref: 'x' },
    { constructor: { prototype: { polluted: 1 } } },
    { toString: 'x', valueOf: 1, length: 1e9 },
  ],
];
const operators = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'pr', 'EQ', 'xx', ''];
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'SEARCH', 'PROPFIND'];
const places = [
  ...[
    '/Users',
    '/Groups',
    '/.search',
    '/Users/.search',
    '/Groups/.search',
    '/Bulk',
    '/Me',
    '/Schemas',
    '/',
    '',
  ],
  ...[
    '/ResourceTypes',
    '/ServiceProviderConfig',
    `/Schemas/${USER}`,
    '/Nothing',
    '/Users/',
    '//Users',
    '/users/x/y',
  ],
];
const hostileBodies = [
  ...[
    '',
    '{',
    '[',
    'null',
    '"',
    '[1,2',
    '{"a":1,}',
    '{"__proto__":{"polluted":1}}',
    '\ufeff{}',
    '1e99999',
    'NaN',
  ],
  ...[
    '['.repeat(5000),
    '{"a":'.repeat(200),
    `{"schemas":["${USER}"],"userName":"\\ud800"}`,
    '\0',
    '{"\\u0000":1}',
  ],
  ...[`{"schemas":["${USER}"],"userName":"p","\\u005f_proto__":{"polluted":1}}`, `[${'0,'.repeat(20_000)}0]`],
];

/** Makes the requests of a run, each from its own number, so that one of them can be made again. */
export class FuzzRequests {
  readonly #target: FuzzTarget;
  #random: Random = makeRandom(0);

  constructor(target: FuzzTarget) {
    this.#target = target;
  }

  make(seed: number): FuzzRequest {
    this.#random = makeRandom(seed);
    const makers = [
      () => this.#query(),
      () => this.#query(),
      () => this.#search(),
      () => this.#write('POST'),
      () => this.#write('PUT'),
      () => this.#patch(),
      () => this.#patch(),
      () => this.#bulk(),
      () => this.#oddId(),
      () => this.#anything(),
    ];
    const request = this.#pick(makers)();
    return this.#chance(0.1) ? this.#distort(request) : request;
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #pick<Item>(items: readonly [Item, ...Item[]] | readonly Item[]): Item {
    const item = items[Math.floor(this.#random() * items.length)];
    if (item === undefined) throw new RangeError('Nothing to pick from');
    return item;
  }

  #several<Item>(most: number, make: () => Item): Item[] {
    return Array.from({ length: Math.floor(this.#random() * (most + 1)) }, make);
  }

  #name(): string {
    const { extension } = this.#target;
    if (this.#chance(0.15)) {
      const name = this.#pick(extension.names);
      return this.#pick([extension.urn, `${extension.urn}:${name}`, name]);
    }
    return this.#pick(names);
  }

  #id(): string {
    return this.#pick([...this.#target.userIds, ...this.#target.groupIds, 'nope', ...texts]);
  }

  #literal(): string {
    return this.#pick([
      () => JSON.stringify(this.#pick(texts)),
      () => JSON.stringify(this.#id()),
      () => String(JSON.stringify(this.#pick(literals))),
      () => this.#pick(texts),
    ])();
  }

  #comparison(): string {
    return `${this.#name()} ${this.#pick(operators)} ${this.#literal()}`;
  }

  #filter(depth = 0): string {
    if (depth > 4 || this.#chance(0.4)) return this.#comparison();
    const inner = () => this.#filter(depth + 1);
    return this.#pick([
      () => `${inner()} ${this.#pick(['and', 'or', 'AND', 'xor', ''])} ${inner()}`,
      () => `not (${inner()})`,
      () => `(${inner()})`,
      () => `${this.#name()}[${inner()}]`,
      () => `${this.#name()}[${inner()}].${this.#name()} ${this.#pick(operators)} ${this.#literal()}`,
      () =>
        this.#several(12, () => this.#pick([...names, ...operators, '(', ')', '[', ']', '"', ' '])).join(' '),
      () => this.#pick(['(', '[', 'not (', 'a[', '"']).repeat(Math.floor(this.#random() * 300)),
    ])();
  }

  #parameters(): string {
    const parameters: readonly (() => [string, string])[] = [
      () => ['filter', this.#filter()],
      () => ['sortBy', this.#name()],
      () => ['sortOrder', this.#pick(['ascending', 'descending', 'x'])],
      () => ['startIndex', this.#pick(['1', '0', '-1', '2', '999999999', 'x', '1.5', '9'.repeat(30), ''])],
      () => ['count', this.#pick(['0', '1', '5', '-1', '1000', '99999', 'x', ''])],
      () => ['cursor', this.#pick(['', 'AAAA', 'User.', 'Group.x', '.', ...texts])],
      () => ['attributes', this.#several(5, () => this.#name()).join(',')],
      () => ['excludedAttributes', this.#several(5, () => this.#name()).join(',')],
      () => [this.#name(), this.#pick(texts)],
    ];
    return this.#several(4, () => this.#pick(parameters)())
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .join('&');
  }

  #query(): FuzzRequest {
    const place = this.#pick(['/Users', '/Users', '/Groups', '/', `/Users/${encode(this.#id())}`]);
    return {
      method: this.#pick(['GET', 'GET', 'HEAD']),
      path: `${place}?${this.#parameters()}`,
      headers: {},
      body: null,
    };
  }

  #search(): FuzzRequest {
    const body = {
      schemas: [this.#chance(0.9) ? `${MESSAGE}SearchRequest` : 'x'],
      ...Object.fromEntries([...new URLSearchParams(this.#parameters())]),
      ...(this.#chance(0.2) ? { [this.#name()]: this.#pick(literals) } : {}),
      ...(this.#chance(0.3) ? { attributes: this.#several(4, () => this.#name()) } : {}),
    };
    return withJson('POST', this.#pick(['/.search', '/Users/.search', '/Groups/.search']), body);
  }

  #value(depth = 0): unknown {
    if (depth > 2 || this.#chance(0.6)) return this.#pick([...literals, ...texts, this.#id()]);
    if (this.#chance(0.4)) return this.#several(4, () => this.#value(depth + 1));
    return Object.fromEntries(this.#several(4, () => [this.#name(), this.#value(depth + 1)]));
  }

  #resource(): object {
    const isUser = this.#chance(0.6);
    const number = Math.floor(this.#random() * 400);
    return {
      schemas: this.#chance(0.95) ? [isUser ? USER : GROUP, ENTERPRISE] : this.#pick(literals),
      ...(isUser ? { userName: `user-${number}` } : { displayName: `group ${number}` }),
      ...Object.fromEntries(this.#several(5, () => [this.#name(), this.#value()])),
    };
  }

  #write(method: 'POST' | 'PUT'): FuzzRequest {
    const body = this.#resource();
    const type = 'userName' in body ? 'Users' : 'Groups';
    const ids = type === 'Users' ? this.#target.userIds : this.#target.groupIds;
    const path = method === 'POST' ? `/${type}` : `/${type}/${this.#pick(ids)}`;
    return withJson(method, this.#chance(0.2) ? `${path}?${this.#parameters()}` : path, body);
  }

  #operation(): unknown {
    if (this.#chance(0.03)) return this.#pick(literals);
    if (this.#chance(0.4)) return this.#fittingOperation();
    const path = this.#chance(0.3)
      ? `${this.#name()}[${this.#filter(3)}]${this.#pick(['', '.value', '.x'])}`
      : this.#name();
    return {
      op: this.#pick(['add', 'replace', 'remove', 'Add', 'Replace', 'x', 1]),
      ...(this.#chance(0.8) ? { path } : {}),
      ...(this.#chance(0.9) ? { value: this.#value() } : {}),
    };
  }

  /** One that is likely to be accepted, so that runs get past the first check. */
  #fittingOperation(): object {
    const text = this.#pick(texts);
    const member = this.#pick(this.#target.userIds);
    return this.#pick([
      {
        op: 'replace',
        path: this.#pick(['title', 'name.givenName', `${ENTERPRISE}:department`]),
        value: text,
      },
      {
        op: 'Add',
        path: `emails[type eq ${JSON.stringify(this.#pick(['work', 'home', text]))}].value`,
        value: text,
      },
      {
        op: 'add',
        path: 'emails',
        value: [{ value: text, type: 'work', primary: this.#pick([true, 'False']) }],
      },
      { op: 'remove', path: `emails[value ${this.#pick(operators)} ${JSON.stringify(text)}]` },
      { op: 'Replace', value: { displayName: `name ${text}`, active: this.#pick([true, 'False', text]) } },
      {
        op: 'replace',
        path: `${ENTERPRISE}:manager`,
        value: this.#pick([member, { value: member }, '', null]),
      },
      { op: this.#pick(['add', 'remove', 'replace']), path: 'members', value: [{ value: member }] },
      { op: 'remove', path: `members[value eq "${member}"]` },
    ]);
  }

  #patchBody(): object {
    return { schemas: [`${MESSAGE}PatchOp`], Operations: this.#several(4, () => this.#operation()) };
  }

  #patch(): FuzzRequest {
    const isUser = this.#chance(0.6);
    const id = this.#pick(isUser ? this.#target.userIds : this.#target.groupIds);
    return withJson('PATCH', `/${isUser ? 'Users' : 'Groups'}/${id}`, this.#patchBody());
  }

  #bulk(): FuzzRequest {
    const Operations = this.#several(5, () => ({
      method: this.#pick(['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 1, null]),
      path: this.#pick([
        '/Users',
        '/Groups',
        `/Users/${this.#id()}`,
        '/Users/bulkId:1',
        '/Groups/bulkId:2',
        this.#pick(texts),
      ]),
      ...(this.#chance(0.8) ? { bulkId: this.#pick(['1', '2', '3', ...texts]) } : {}),
      ...(this.#chance(0.9) ? { data: this.#chance(0.6) ? this.#resource() : this.#patchBody() } : {}),
      ...(this.#chance(0.1) ? { version: this.#pick(['W/"1"', '*', ...texts]) } : {}),
    }));
    const failOnErrors = this.#chance(0.3) ? { failOnErrors: this.#pick([0, 1, -1, 'x', 1e9, null]) } : {};
    return withJson('POST', '/Bulk', { schemas: [`${MESSAGE}BulkRequest`], ...failOnErrors, Operations });
  }

  #oddId(): FuzzRequest {
    const path = `/${this.#pick(['Users', 'Groups', 'Schemas', 'ResourceTypes'])}/${encode(this.#pick([...texts, ...names]))}`;
    const method = this.#pick(['GET', 'DELETE', 'PUT', 'PATCH']);
    return method === 'GET' || method === 'DELETE'
      ? { method, path, headers: {}, body: null }
      : withJson(method, path, method === 'PUT' ? this.#resource() : this.#patchBody());
  }

  #anything(): FuzzRequest {
    const body = this.#chance(0.5) ? this.#pick(hostileBodies) : JSON.stringify(this.#value());
    const path = `${this.#pick(places)}?${this.#parameters()}`;
    return { method: this.#pick(methods), path, headers: { 'content-type': 'application/scim+json' }, body };
  }

  /** The same with one thing broken: a header, or a few characters of the body. */
  #distort(request: FuzzRequest): FuzzRequest {
    const headers: readonly [string, readonly string[]][] = [
      ['content-type', ['text/plain', 'application/json; charset=utf-16', '', 'application/scim+json;', '/']],
      ['content-encoding', ['gzip', 'br', 'identity', 'x']],
      ['if-match', ['*', 'W/"1"', '"1"', 'W/"x"', '"'.repeat(500), 'W/"99999999999999999999"', ',,,']],
      ['if-none-match', ['*', 'W/"1"', 'W/"1", W/"2"', '\u00ff']],
      ['authorization', ['', 'Bearer', 'Bearer x y', 'Basic eDp4', 'Bearer \u00ff']],
      ['x-request-id', ['a', 'x'.repeat(4000), '{"a":1}', '\u00e9']],
      ['accept', ['text/html', '*/*', 'x']],
    ];
    if (request.body === null || this.#chance(0.5)) {
      const [name, values] = this.#pick(headers);
      return { ...request, headers: { ...request.headers, [name]: this.#pick(values) } };
    }
    const at = Math.floor(this.#random() * request.body.length);
    const cut = Math.floor(this.#random() * 3);
    const insert = this.#pick(['', '"', '{', ']', '\\', '\\u0000', '\u0000', '__proto__', ',']);
    return { ...request, body: request.body.slice(0, at) + insert + request.body.slice(at + cut) };
  }
}

/** Percent-encoding that also takes halves of surrogate pairs, as UTF-8 never would. */
function encode(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80';
}

function withJson(method: string, path: string, body: unknown): FuzzRequest {
  return { method, path, headers: { 'content-type': 'application/scim+json' }, body: JSON.stringify(body) };
}
