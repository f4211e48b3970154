import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { makeClient, startWorld, unique, unknownId, type World } from '../admin-api/people-world.ts';
import { ask } from '../concurrency/concurrency-checks.ts';
import type { ScimConnection } from '../support/app.ts';
import { openRawClient } from '../support/raw-client.ts';

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const megabyte = 'x'.repeat(1024 * 1024);
const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

describe('bad input over HTTP', () => {
  let world: World;
  let connection: ScimConnection;
  let other: ScimConnection;
  let userId: string;
  let groupId: string;
  let othersUser: string;
  let departmentId: string;
  before(async () => {
    world = await startWorld();
    connection = await world.app.createScimConnection(unique('connection'));
    other = await world.app.createScimConnection(unique('connection'));
    const client = makeClient(world, connection);
    userId = await client.addUser(unique('anna'));
    groupId = await client.addGroup(unique('group'), [userId]);
    othersUser = await makeClient(world, other).addUser(unique('berta'));
    departmentId = (await world.expect(201, 'POST', '/departments', { name: unique('Department') })).id;
  });
  after(() => world.app.stop());

  /** Everything that a request could change; when credentials were used last is no such thing. */
  async function snapshot(): Promise<string> {
    const tables = ['directory_users', 'directory_groups', 'memberships', 'employees', 'contacts', 'logins'];
    tables.push('mapping_rules', 'settings', 'departments', 'connections', 'provisioning_events');
    const parts = tables.map(
      (table) => `(select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from ${table} t)`,
    );
    const [row] = await ask(world.app.databaseUrl, `select concat_ws(',', ${parts.join(', ')}) as "state"`);
    return String(row?.state);
  }

  const send = async (
    url: string,
    method: string,
    token: string,
    body?: string | Buffer,
    headers: Record<string, string> = {},
  ): Promise<Reply> => {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      signal: AbortSignal.timeout(20_000),
      ...(body === undefined ? {} : { body }),
    });
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      body: await response.text(),
    };
  };
  const scim = (method: string, path: string, body?: string | Buffer, headers?: Record<string, string>) =>
    send(`${connection.scimBaseUrl}${path}`, method, connection.token, body, headers);
  const admin = (method: string, path: string, body?: string | Buffer, headers?: Record<string, string>) =>
    send(`${world.app.baseUrl}/api/v1${path}`, method, world.app.adminKey, body, headers);

  function assertRefused(api: 'scim' | 'admin', { status, type, body }: Reply, what: string): void {
    assert.ok(status >= 400 && status < 500, `${what} answered ${status} ${body.slice(0, 300)}`);
    // Refused by Node's HTTP parser, before there is a request to speak of.
    if (status === 431) {
      assert.equal(body, '');
      return;
    }
    assert.ok(body.length < 5_000, `${what}: an answer of ${body.length} characters`);
    const answer = JSON.parse(body);
    if (api === 'scim') {
      assert.match(type, /^application\/scim\+json/, what);
      assert.deepEqual(answer.schemas, ['urn:ietf:params:scim:api:messages:2.0:Error'], what);
      assert.equal(answer.status, String(status), what);
    } else {
      assert.match(type, /^application\/problem\+json/, what);
      assert.equal(answer.status, status, what);
    }
    assert.equal(typeof answer.detail, 'string', what);
    assert.doesNotMatch(body, /node_modules|\.ts:\d|select |insert into/i, what);
  }

  const user = (more: object): string =>
    JSON.stringify({ schemas: [userSchema], userName: 'bad@x.example', ...more });
  const patch = (...operations: readonly object[]): string =>
    JSON.stringify({ schemas: [patchSchema], Operations: operations });

  const brokenBodies: readonly [what: string, body: string | Buffer][] = [
    ['an empty body', ''],
    ['half a body', '{"userName":'],
    ['a number', '1e999'],
    ['an array', '[]'],
    ['null', 'null'],
    ['text', '"text"'],
    ['a list nested a hundred thousand times', deep(100_000)],
    ['an object nested a thousand times', `${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`],
    ['__proto__', `{"schemas":["${userSchema}"],"userName":"p@x","name":"p","__proto__":{"active":true}}`],
    ['constructor', `{"schemas":["${userSchema}"],"userName":"p@x","name":{"constructor":{"prototype":{}}}}`],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['UTF-16', Buffer.from('{"userName":"u@x"}', 'utf16le')],
    ['a body of 12 MB', `{"userName":"${'x'.repeat(12 * 1024 * 1024)}"}`],
    ['trailing text', '{"name":"x"} {"name":"y"}'],
  ];

  it('refuses bodies that are no JSON object, in the format of each API', async () => {
    const state = await snapshot();
    for (const [what, body] of brokenBodies) {
      for (const [method, path] of [
        ['POST', '/Users'],
        ['PUT', `/Users/${userId}`],
        ['PATCH', `/Users/${userId}`],
        ['POST', '/Groups'],
        ['PATCH', `/Groups/${groupId}`],
        ['POST', '/Bulk'],
        ['POST', '/.search'],
      ] as const) {
        assertRefused('scim', await scim(method, path, body), `${method} ${path} with ${what}`);
      }
      for (const [method, path] of [
        ['POST', '/departments'],
        ['PATCH', `/departments/${departmentId}`],
        ['PATCH', '/settings'],
        ['PUT', '/employee-defaults'],
        ['POST', '/mapping-rules'],
        ['POST', '/employees'],
      ] as const) {
        assertRefused('admin', await admin(method, path, body), `${method} ${path} with ${what}`);
      }
    }
    assert.equal(await snapshot(), state);
  });

  const nul = 'a\u0000b';
  const badValues: readonly unknown[] = [nul, '\ud800', 'x\udfff', megabyte];

  it('refuses texts that cannot be stored, wherever they stand', async () => {
    const state = await snapshot();
    for (const value of badValues) {
      const what = JSON.stringify(value).slice(0, 20);
      const bodies: readonly [method: string, path: string, body: string][] = [
        ['POST', '/Users', user({ userName: value })],
        ['POST', '/Groups', JSON.stringify({ schemas: [groupSchema], displayName: value })],
        ['PUT', `/Users/${userId}`, user({ userName: value })],
        ['PATCH', `/Users/${userId}`, patch({ op: 'replace', path: 'userName', value })],
        ['PATCH', `/Groups/${groupId}`, patch({ op: 'replace', path: 'displayName', value })],
        ['PATCH', `/Groups/${groupId}`, patch({ op: 'add', path: 'members', value: [{ value }] })],
        [
          'PATCH',
          `/Users/${userId}`,
          patch({ op: 'add', path: `emails[type eq "${String(value)}"].value`, value: 'x' }),
        ],
      ];
      for (const [method, path, body] of bodies) {
        assertRefused('scim', await scim(method, path, body), `${method} ${path} with ${what}`);
      }
      for (const [method, path, body] of [
        ['POST', '/departments', { name: value }],
        ['PATCH', `/departments/${departmentId}`, { name: value }],
        ['POST', '/connections', { name: value, kind: 'scim' }],
        ['POST', '/mapping-rules', { connectionId: value, groupId: value, order: 1, userType: 'employee' }],
      ] as const) {
        assertRefused(
          'admin',
          await admin(method, path, JSON.stringify(body)),
          `${method} ${path} with ${what}`,
        );
      }
    }
    assert.equal(await snapshot(), state);
  });

  it('never fails over values that only look strange', async () => {
    for (const value of [
      nul,
      '\ud800',
      megabyte,
      '1e400',
      -1e308,
      1e21,
      '0001-01-01T00:00:00Z',
      '99999-01-01T00:00:00Z',
      '',
      [],
      {},
      [[]],
      null,
      true,
    ]) {
      const what = JSON.stringify(value)?.slice(0, 30);
      for (const [method, path, body] of [
        ['POST', '/Users', user({ userName: unique('odd'), title: value, nickName: value })],
        ['POST', '/Users', user({ userName: unique('odd'), externalId: value })],
        [
          'POST',
          '/Users',
          user({ userName: unique('odd'), emails: [{ value, type: value, primary: value }] }),
        ],
        ['POST', '/Users', user({ userName: unique('odd'), name: value, active: value })],
        ['PATCH', `/Users/${userId}`, patch({ op: 'add', value: { title: value } })],
        ['PATCH', `/Users/${userId}`, patch({ op: value, path: 'title', value: 'x' })],
        ['PATCH', `/Users/${userId}`, patch({ op: 'add', path: value, value: 'x' })],
        ['PATCH', `/Groups/${groupId}`, patch({ op: 'add', path: 'members', value })],
        [
          'PUT',
          `/Groups/${groupId}`,
          JSON.stringify({ schemas: value, displayName: unique('odd'), members: value }),
        ],
        [
          'POST',
          '/.search',
          JSON.stringify({
            schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
            filter: value,
            startIndex: value,
            count: value,
            sortBy: value,
          }),
        ],
        [
          'POST',
          '/Bulk',
          JSON.stringify({
            schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
            Operations: [{ method: value, path: value, bulkId: value, data: value }],
            failOnErrors: value,
          }),
        ],
      ] as const) {
        const answer = await scim(method, path, body);
        assert.ok(
          answer.status < 500,
          `${method} ${path} with ${what} answered ${answer.status} ${answer.body.slice(0, 300)}`,
        );
      }
    }
  });

  it('refuses queries that make no sense, and never fails over them', async () => {
    const filters = [
      'userName eq',
      '((((((((((',
      `${'('.repeat(5000)}userName pr${')'.repeat(5000)}`,
      `userName eq "${'x'.repeat(20_000)}`,
      '__proto__ eq "x"',
      'constructor.prototype pr',
      Array.from({ length: 2000 }, () => 'userName pr').join(' or '),
      'meta.created gt "99999999-01-01T00:00:00Z"',
      'userName eq "\u0000"',
      'id eq 1e999',
      `members[value eq "${userId}"`,
    ];
    for (const filter of filters) {
      const answer = await scim('GET', `/Users?filter=${encodeURIComponent(filter)}`);
      const what = filter.slice(0, 40);
      if (answer.status !== 200) assertRefused('scim', answer, what);
      else assert.equal(JSON.parse(answer.body).totalResults, 0, what);
    }
    for (const query of [
      'startIndex=x',
      'count=-1e99',
      'startIndex=99999999999999999999',
      'cursor=%00',
      'sortBy=__proto__',
      'attributes=%ff',
      'filter=%E0%A4%A',
      'filter=a&filter=b',
      '%',
      '&&==',
      `${'a=1&'.repeat(5000)}`,
    ]) {
      const answer = await scim('GET', `/Users?${query}`);
      assert.ok(answer.status < 500, `${query.slice(0, 40)} answered ${answer.status}`);
      if (answer.status !== 200) assertRefused('scim', answer, query.slice(0, 40));
    }
    for (const path of [
      '/employees?limit=x',
      '/employees?after=%00',
      '/employees?email=%00',
      '/provisioning-events?from=99999-01-01T00:00:00Z',
      '/provisioning-events?directoryUserId=x',
      '/directory-users?q=%00',
      '/employees?limit=1e9',
      '/employees?%ff=%ff',
      '/employees?cursor=x',
      `/employees?email=${'x'.repeat(5000)}`,
    ]) {
      const answer = await admin('GET', path);
      assert.ok(answer.status < 500, `${path.slice(0, 60)} answered ${answer.status} ${answer.body}`);
      if (answer.status !== 200) assertRefused('admin', answer, path.slice(0, 60));
    }
  });

  it('refuses unknown ids and those of other connections, unknown paths, methods and content types', async () => {
    const state = await snapshot();
    for (const id of [
      unknownId,
      othersUser,
      groupId,
      'x',
      '%00',
      '..%2f..',
      '%ff',
      'a'.repeat(3000),
      '1;drop',
    ]) {
      for (const [method, body] of [
        ['GET'],
        ['PUT', user({ userName: 'new@x.example' })],
        ['PATCH', patch({ op: 'replace', path: 'title', value: 'x' })],
        ['DELETE'],
      ] as const) {
        assertRefused(
          'scim',
          await scim(method, `/Users/${id}`, body),
          `${method} /Users/${id.slice(0, 40)}`,
        );
      }
      for (const [method, body] of [['GET'], ['PATCH', '{"name":"x"}'], ['DELETE']] as const) {
        const path = `/departments/${id === 'x' ? 'y' : id}`;
        assertRefused('admin', await admin(method, path, body), `${method} ${path.slice(0, 40)}`);
      }
    }
    for (const value of [othersUser, unknownId]) {
      const body = patch({ op: 'add', path: 'members', value: [{ value }] });
      assertRefused(
        'scim',
        await scim('PATCH', `/Groups/${groupId}`, body),
        'a member of another connection',
      );
    }
    for (const [method, path] of [
      ['PUT', '/Users'],
      ['DELETE', '/Users'],
      ['POST', `/Users/${userId}`],
      ['PATCH', '/ServiceProviderConfig'],
      ['GET', '/Nothing'],
      ['OPTIONS', '/Users'],
      ['LOCK', '/Users'],
      ['PROPFIND', '/Users'],
    ] as const) {
      assertRefused(
        'scim',
        await scim(method, path, method === 'GET' ? undefined : '{}'),
        `${method} ${path}`,
      );
    }
    for (const [method, path] of [
      ['PUT', '/settings'],
      ['DELETE', '/settings'],
      ['POST', `/departments/${departmentId}`],
      ['GET', '/nothing'],
      ['GET', '//employees'],
      ['PROPFIND', '/employees'],
    ] as const) {
      assertRefused(
        'admin',
        await admin(method, path, method === 'GET' ? undefined : '{}'),
        `${method} ${path}`,
      );
    }
    for (const type of [
      'text/plain',
      'application/xml',
      'multipart/form-data',
      'application/json; charset=utf-16',
      ';;;',
      'application/jsonp',
      '*/*',
    ]) {
      const headers = { 'content-type': type };
      const scimAnswer = await scim(
        'POST',
        '/Users',
        user({ userName: 'typed@x.example', schemas: 1 }),
        headers,
      );
      assertRefused('scim', scimAnswer, type);
      assertRefused('admin', await admin('POST', '/departments', '{"name":""}', headers), type);
    }
    assert.equal(await snapshot(), state);
  });

  it('answers requests that no HTTP library would send, or closes the connection', async () => {
    const state = await snapshot();
    const { port, pathname } = new URL(connection.scimBaseUrl);
    const authorization = `Authorization: Bearer ${connection.token}`;
    const head = (line: string, ...fields: readonly string[]) =>
      [line, 'Host: localhost', authorization, 'Content-Type: application/json', ...fields, '', ''].join(
        '\r\n',
      );
    const body = user({ userName: '' });
    const closing = 'Connection: close';
    const requests: readonly [what: string, text: string, status: RegExp][] = [
      ['no HTTP at all', 'hello\r\n\r\n', /^HTTP\/1\.1 400/],
      ['an unknown method', head('BREW /x HTTP/1.1'), /^HTTP\/1\.1 400/],
      [
        'a header of 64 KB',
        head(`GET ${pathname}/Users HTTP/1.1`, `X-Long: ${'x'.repeat(65_536)}`),
        /^HTTP\/1\.1 431/,
      ],
      [
        'a flood of headers',
        head(
          `GET ${pathname}/Users HTTP/1.1`,
          ...Array.from({ length: 5000 }, (_, index) => `X-${index}: 1`),
        ),
        /^HTTP\/1\.1 431/,
      ],
      [
        'two content lengths',
        head(`POST ${pathname}/Users HTTP/1.1`, 'Content-Length: 2', 'Content-Length: 3') + body,
        /^HTTP\/1\.1 400/,
      ],
      [
        'length and chunks at once',
        head(`POST ${pathname}/Users HTTP/1.1`, 'Content-Length: 2', 'Transfer-Encoding: chunked') + body,
        /^HTTP\/1\.1 400/,
      ],
      [
        'a chunk size that is no number',
        `${head(`POST ${pathname}/Users HTTP/1.1`, 'Transfer-Encoding: chunked')}zz\r\n${body}\r\n0\r\n\r\n`,
        /^HTTP\/1\.1 400/,
      ],
      [
        'an unknown transfer coding',
        `${head(`POST ${pathname}/Users HTTP/1.1`, 'Transfer-Encoding: gzip')}${body}`,
        /^HTTP\/1\.1 (400|501)/,
      ],
      ['no host', `GET ${pathname}/Users HTTP/1.1\r\n\r\n`, /^HTTP\/1\.1 400/],
      [
        'an expectation that nobody meets',
        head(`POST ${pathname}/Users HTTP/1.1`, 'Expect: teleport', 'Content-Length: 0', closing),
        /^HTTP\/1\.1 417/,
      ],
      ['bad percent encoding', head(`GET ${pathname}/Users/%zz HTTP/1.1`, closing), /^HTTP\/1\.1 40[04]/],
      [
        'an address in full, of another host',
        head(`GET http://elsewhere.example${pathname}/Users/x HTTP/1.1`, closing),
        /^HTTP\/1\.1 40[04]/,
      ],
      ['an asterisk', head('OPTIONS * HTTP/1.1', closing), /^HTTP\/1\.1 (204|40[045])/],
      ['a CONNECT', head('CONNECT localhost:1 HTTP/1.1', closing), /^(HTTP\/1\.1 4\d\d|$)/],
      ['two slashes', head(`GET /${pathname}/Users HTTP/1.1`, closing), /^HTTP\/1\.1 404/],
      [
        'an upgrade',
        head(`GET ${pathname}/Users/x HTTP/1.1`, 'Upgrade: websocket', 'Connection: Upgrade, close'),
        /^HTTP\/1\.1 404/,
      ],
      [
        'a line of 40 KB',
        head(`GET ${pathname}/Users?filter=${'x'.repeat(40_000)} HTTP/1.1`),
        /^HTTP\/1\.1 (431|414)/,
      ],
    ];
    for (const [what, text, expected] of requests) {
      const client = await openRawClient(Number(port));
      client.send(text);
      assert.match(await client.closed(), expected, what);
    }
    assert.equal(await snapshot(), state);
  });

  it('asks for a body with 100 Continue, and answers pipelined requests in order', async () => {
    const { port, pathname } = new URL(connection.scimBaseUrl);
    const authorization = `Authorization: Bearer ${connection.token}`;
    const client = await openRawClient(Number(port));
    const body = user({ userName: '' });
    client.send(
      [
        `POST ${pathname}/Users HTTP/1.1`,
        'Host: x',
        authorization,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        'Expect: 100-continue',
        '',
        '',
      ].join('\r\n'),
    );
    await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
    client.send(body);
    await client.until(/HTTP\/1\.1 400 /);
    const get = (id: string, ...fields: readonly string[]) =>
      [`GET ${pathname}/Users/${id} HTTP/1.1`, 'Host: x', authorization, ...fields, '', ''].join('\r\n');
    client.send(get(userId) + get('x') + get(userId) + get(unknownId, 'Connection: close'));
    const statuses = (await client.closed()).match(/HTTP\/1\.1 \d+/g);
    assert.deepEqual(statuses?.slice(-4), ['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200', 'HTTP/1.1 404']);
  });

  it('is as well as before after all of that', async () => {
    assert.equal(Object.keys(Object.prototype).length, 0);
    assert.equal((await fetch(`${world.app.baseUrl}/readyz`)).status, 200);
    assert.equal((await scim('GET', `/Users/${userId}`)).status, 200);
  });
});
