import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { credentialMaker, hashOf, isSameCredential, readBearer } from '../../src/http/credentials.ts';

describe('credentials', () => {
  it('are new every time, recognisable, and stored as a hash only', () => {
    const made = Array.from({ length: 50 }, () => credentialMaker.makeScimToken());
    assert.equal(new Set(made.map(({ plain }) => plain)).size, 50);
    for (const { plain, prefix, hash } of made) {
      assert.match(plain, /^rcs_[\w-]{43}$/);
      assert.ok(plain.startsWith(prefix) && prefix.length <= 10);
      assert.deepEqual(Buffer.from(hash), hashOf(plain));
      assert.equal(hash.length, 32);
    }
    assert.match(credentialMaker.makeApiKey().plain, /^rck_/);
  });

  it('that somebody else chose are shown by four characters only', () => {
    assert.equal(credentialMaker.describeApiKey('a-key-chosen-by-the-administrator').prefix, 'a-ke');
  });

  it('are the same or not, whatever their length', () => {
    assert.equal(isSameCredential('abc', 'abc'), true);
    for (const other of ['abd', 'ab', 'abcd', '']) assert.equal(isSameCredential('abc', other), false, other);
  });

  it('are read from a Bearer header in any case of the scheme (RFC 6750 §2.1)', () => {
    assert.equal(readBearer('Bearer abc.DEF-1'), 'abc.DEF-1');
    assert.equal(readBearer('bEARER   abc  '), 'abc');
  });

  it('are not read from anything else', () => {
    const others = [
      '',
      'Bearer',
      'Bearer ',
      'Basic abc',
      'Bearer a b',
      'Bearerabc',
      'Bearer a\u00e9',
      ' Bearer a',
    ];
    for (const header of others) assert.equal(readBearer(header), null, header);
    assert.equal(readBearer(undefined), null);
    assert.equal(readBearer(`Bearer ${'x'.repeat(8193)}`), null);
  });
});
