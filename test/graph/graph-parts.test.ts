import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readClaimsChallenge } from '../../src/graph/claims-challenge.ts';
import { allowedUrl, makeCloudTable } from '../../src/graph/cloud-endpoints.ts';
import { makeLru } from '../../src/graph/lru.ts';
import { readRetryAfter, retryDelay } from '../../src/graph/retry.ts';

const now = Date.parse('2031-01-15T10:00:00Z');

describe('Retry-After', () => {
  for (const [text, expected] of [
    ['7', 7000],
    [' 0 ', 0],
    ['1.5', 1500],
    ['Wed, 15 Jan 2031 10:00:30 GMT', 30_000],
    ['Wed, 15 Jan 2031 09:00:00 GMT', 0],
    ['99999999999', 3_600_000],
    ['9'.repeat(400), 3_600_000],
    ['Wed, 15 Jan 2131 10:00:00 GMT', 3_600_000],
    ['-5', null],
    ['soon', null],
    ['2031', 2_031_000],
    ['', null],
    [null, null],
  ] as const) {
    it(`reads ${JSON.stringify(text)}`, () => assert.equal(readRetryAfter(text, now), expected));
  }
});

describe('delay before another attempt', () => {
  it('is at least what was told', () => {
    for (const random of [0, 0.5, 0.999]) assert.ok(retryDelay(0, 7000, () => random) >= 7000);
  });

  it('grows twofold up to a bound, anything below being possible', () => {
    const bounds = [0, 1, 2, 3, 20, 100].map((attempt) => retryDelay(attempt, null, () => 1));
    assert.deepEqual(bounds, [500, 1000, 2000, 4000, 30_000, 30_000]);
    assert.equal(
      retryDelay(5, null, () => 0),
      0,
    );
  });
});

describe('claims challenge', () => {
  const claims = '{"access_token":{"nbf":{"essential":true}}}';
  const encoded = Buffer.from(claims).toString('base64');

  for (const [what, header, expected] of [
    ['claims', `Bearer error="insufficient_claims", claims="${encoded}"`, claims],
    ['claims in another order', `Bearer claims="${encoded}",error="insufficient_claims"`, claims],
    ['nothing in an ordinary refusal', 'Bearer error="invalid_token"', null],
    [
      'nothing of claims that belong to another error',
      `Bearer error="invalid_token", claims="${encoded}"`,
      null,
    ],
    ['nothing of claims that are no JSON', 'Bearer error="insufficient_claims", claims="QUJD"', null],
    ['nothing of a value that is no base64', 'Bearer error="insufficient_claims", claims="{}"', null],
    ['nothing where there is no header', null, null],
  ] as const) {
    it(`finds ${what}`, () => assert.equal(readClaimsChallenge(header), expected));
  }

  it('is read in no time, whatever it holds', () => {
    const header = `Bearer error="insufficient_claims" ${'claims="'.repeat(20_000)}`;
    assert.equal(readClaimsChallenge(header), null);
  });
});

describe('table of clouds', () => {
  it('knows the three clouds', () => {
    const table = makeCloudTable();
    assert.deepEqual(
      [table.global, table.usgov, table.china].map(({ graph, authority, graphResource }) => [
        graph,
        authority,
        graphResource,
      ]),
      [
        ['https://graph.microsoft.com', 'https://login.microsoftonline.com', 'https://graph.microsoft.com'],
        ['https://graph.microsoft.us', 'https://login.microsoftonline.us', 'https://graph.microsoft.us'],
        [
          'https://microsoftgraph.chinacloudapi.cn',
          'https://login.chinacloudapi.cn',
          'https://microsoftgraph.chinacloudapi.cn',
        ],
      ],
    );
  });

  it('asks for tokens of the Graph that it is pointed to', () => {
    const table = makeCloudTable({ usgov: { graph: 'https://dod-graph.microsoft.us/' } });
    assert.equal(table.usgov.graph, 'https://dod-graph.microsoft.us');
    assert.equal(table.usgov.graphResource, 'https://dod-graph.microsoft.us');
    assert.equal(table.usgov.authority, 'https://login.microsoftonline.us');
    assert.equal(table.usgov.isStandard, true);
  });

  it('asks for tokens of the real Graph where another one stands in for it', () => {
    const { global } = makeCloudTable({
      global: { graph: 'http://127.0.0.1:5000', authority: 'http://127.0.0.1:5001/' },
    });
    assert.deepEqual(
      [global.graphResource, global.authority, global.authorityAliases, global.isStandard],
      ['https://graph.microsoft.com', 'http://127.0.0.1:5001', [], false],
    );
  });

  it('ask for tokens of the standard Graph where one on this machine stands in for it, also over https', () => {
    for (const graph of ['http://127.0.0.1:5000', 'https://127.0.0.1:5000', 'https://localhost:5000']) {
      assert.equal(makeCloudTable({ global: { graph } }).global.graphResource, 'https://graph.microsoft.com');
    }
  });

  it('takes the identifier of Graph that is configured', () => {
    const { global } = makeCloudTable({
      global: { graph: 'http://127.0.0.1:5000', graphResource: 'https://graph.example' },
    });
    assert.equal(global.graphResource, 'https://graph.example');
  });
});

describe('allow-list', () => {
  const hosts = ['https://graph.microsoft.com'];

  for (const url of [
    'https://graph.microsoft.com/v1.0/users',
    'https://GRAPH.microsoft.com:443/',
    'https://graph.microsoft.com?x',
  ]) {
    it(`lets ${url} through`, () => assert.equal(allowedUrl(url, hosts).host, 'graph.microsoft.com'));
  }

  for (const url of [
    'http://graph.microsoft.com/v1.0/users',
    'https://graph.microsoft.com:8443/',
    'https://graph.microsoft.com.evil.example/',
    'https://evil.example/https://graph.microsoft.com/',
    'https://graph.microsoft.com@evil.example/',
    'https://user@graph.microsoft.com/',
    'https://evil.example\\@graph.microsoft.com/',
    'https://graph.microsoft.us/',
    '//graph.microsoft.com/',
    '/v1.0/users',
    '',
  ]) {
    it(`stops ${JSON.stringify(url)}`, () =>
      assert.throws(() => allowedUrl(url, hosts), { kind: 'foreignHost' }));
  }
});

describe('bounded map', () => {
  it('forgets what was not used for longest', () => {
    const map = makeLru<number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.get('a');
    map.set('c', 3);
    assert.deepEqual([map.get('a'), map.get('b'), map.get('c')], [1, undefined, 3]);
    map.deleteWhere((key) => key === 'a');
    assert.deepEqual([map.get('a'), map.get('c')], [undefined, 3]);
  });
});
