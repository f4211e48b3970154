import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kindOfAddress } from '../../src/webhooks/address-kind.ts';
import { resolveTarget } from '../../src/webhooks/resolve-target.ts';
import { refusalOfUrl } from '../../src/webhooks/target-policy.ts';

const strict = { allowPrivate: false };
const lenient = { allowPrivate: true };

/** Which places webhooks may call: by default, and with the switch for installations inside a network. */
const addresses = [
  ['8.8.8.8', 'public'],
  ['172.15.255.255', 'public'],
  ['172.32.0.0', 'public'],
  ['100.63.255.255', 'public'],
  ['168.63.129.15', 'public'],
  ['223.255.255.255', 'public'],
  ['2606:4700:4700::1111', 'public'],
  ['2001:4860:4860::8888', 'public'],
  ['127.0.0.1', 'private'],
  ['127.255.255.254', 'private'],
  ['10.0.0.1', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['::1', 'private'],
  ['fc00::1', 'private'],
  ['fdff:ffff::1', 'private'],
  ['::ffff:127.0.0.1', 'private'],
  ['::ffff:a00:1', 'private'],
  ['0.0.0.0', 'forbidden'],
  ['169.254.169.254', 'forbidden'],
  ['169.254.0.1', 'forbidden'],
  ['168.63.129.16', 'forbidden'],
  ['100.100.100.200', 'forbidden'],
  ['192.0.0.192', 'forbidden'],
  ['192.0.2.1', 'forbidden'],
  ['192.88.99.1', 'forbidden'],
  ['198.18.0.1', 'forbidden'],
  ['198.51.100.1', 'forbidden'],
  ['203.0.113.1', 'forbidden'],
  ['224.0.0.1', 'forbidden'],
  ['239.255.255.255', 'forbidden'],
  ['240.0.0.1', 'forbidden'],
  ['255.255.255.255', 'forbidden'],
  ['::', 'forbidden'],
  ['::127.0.0.1', 'forbidden'],
  ['::ffff:169.254.169.254', 'forbidden'],
  ['::ffff:8.8.8.8', 'forbidden'],
  ['64:ff9b::7f00:1', 'forbidden'],
  ['64:ff9b:1::a00:1', 'forbidden'],
  ['100::1', 'forbidden'],
  ['2001::1', 'forbidden'],
  ['2001:db8::1', 'forbidden'],
  ['2002:7f00:1::1', 'forbidden'],
  ['3fff::1', 'forbidden'],
  ['fd00:ec2::254', 'forbidden'],
  ['fd20:ce::254', 'forbidden'],
  ['fe80::1', 'forbidden'],
  ['fe80::1%lo', 'forbidden'],
  ['fec0::1', 'forbidden'],
  ['ff02::1', 'forbidden'],
  ['4000::1', 'forbidden'],
  ['no address', 'forbidden'],
] as const;

describe('addresses that webhooks may call', () => {
  for (const [address, kind] of addresses) {
    it(`${address} is ${kind}`, () => assert.equal(kindOfAddress(address), kind));
  }
});

describe('URLs of webhooks', () => {
  const urls = [
    ['https://psa.example.com/hooks?tenant=1', true, true],
    ['https://psa.example.com:443/', true, true],
    ['https://psa.example.com:8443/', true, true],
    ['HTTPS://PSA.example.com/', true, true],
    ['https://8.8.8.8/', true, true],
    ['https://[2606:4700::1111]/', true, true],
    ['http://psa.example.com/', false, true],
    ['https://psa.example.com:22/', false, true],
    ['https://psa.example.com:80/', false, true],
    ['https://127.0.0.1/', false, true],
    ['https://127.1/', false, true],
    ['https://0x7f000001/', false, true],
    ['https://2130706433/', false, true],
    ['https://0177.0.0.1/', false, true],
    ['https://127.0.0.1./', false, true],
    ['https://[::1]/', false, true],
    ['https://localhost/', false, true],
    ['https://localhost./', false, true],
    ['https://psa.localhost/', false, true],
    ['https://192.168.0.10/', false, true],
    ['https://169.254.169.254/', false, false],
    ['https://[::ffff:a9fe:a9fe]/', false, false],
    ['https://0.0.0.0/', false, false],
    ['https://0/', false, false],
    ['https://255.255.255.255/', false, false],
    ['https://user@psa.example.com/', false, false],
    ['https://user:secret@psa.example.com/', false, false],
    ['https://psa.example.com/#part', false, false],
    ['ftp://psa.example.com/', false, false],
    ['file:///etc/passwd', false, false],
    ['javascript:alert(1)', false, false],
    ['//psa.example.com/', false, false],
    ['psa.example.com', false, false],
    ['', false, false],
  ] as const;
  for (const [url, byDefault, inside] of urls) {
    it(`${url || 'nothing'} is ${byDefault ? 'a target' : inside ? 'a target inside only' : 'no target'}`, () => {
      assert.equal(refusalOfUrl(url, strict) === null, byDefault);
      assert.equal(refusalOfUrl(url, lenient) === null, inside);
    });
  }
});

describe('names of targets', () => {
  const resolving =
    (...found: string[]) =>
    () =>
      Promise.resolve(found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
  const url = new URL('https://psa.example.com/');

  it('are replaced by their addresses when all of them are public', async () => {
    const found = await resolveTarget(url, resolving('8.8.8.8', '2606:4700::1111'), strict);
    assert.deepEqual(
      found.map(({ address }) => address),
      ['8.8.8.8', '2606:4700::1111'],
    );
  });

  it('are refused when one address of several is not', async () => {
    for (const address of ['10.0.0.1', '::1', '169.254.169.254', '::ffff:127.0.0.1']) {
      await assert.rejects(resolveTarget(url, resolving('8.8.8.8', address), strict), {
        name: 'TargetFault',
        message: new RegExp(`^Nothing is sent to psa\\.example\\.com: ${address} `),
      });
    }
  });

  it('are refused when they lead to a metadata service, also inside a network', async () => {
    await assert.rejects(resolveTarget(url, resolving('169.254.169.254'), lenient), { name: 'TargetFault' });
    assert.equal((await resolveTarget(url, resolving('10.0.0.1'), lenient)).length, 1);
  });

  it('are refused when they have no address', async () => {
    await assert.rejects(resolveTarget(url, resolving(), strict), {
      message: 'The name psa.example.com has no address.',
    });
    const failing = () => Promise.reject(new Error('ENOTFOUND'));
    await assert.rejects(resolveTarget(url, failing, strict), { name: 'TargetFault' });
  });

  it('are not looked up when the URL names an address', async () => {
    const never = () => Promise.reject(new Error('looked up'));
    const found = await resolveTarget(new URL('https://[2606:4700::1111]/'), never, strict);
    assert.deepEqual(found, [{ address: '2606:4700::1111', family: 6 }]);
    await assert.rejects(resolveTarget(new URL('https://10.0.0.1/'), never, strict), { name: 'TargetFault' });
  });
});
