import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { makeEncryption } from '../../src/http/encryption.ts';

const newKey = () => createSecretKey(randomBytes(32));

describe('encryption of secrets', () => {
  it('gives back what it was given', () => {
    const encryption = makeEncryption(newKey());
    for (const text of ['secret', '', 'ünïcode 🔑', 'x'.repeat(10_000)]) {
      assert.equal(encryption.decrypt(encryption.encrypt(text)), text);
    }
  });

  it('hides the text and never writes the same bytes twice', () => {
    const encryption = makeEncryption(newKey());
    const [one, other] = [encryption.encrypt('a secret text'), encryption.encrypt('a secret text')];
    assert.ok(!Buffer.from(one).includes('a secret text'));
    assert.notDeepEqual(one, other);
  });

  it('refuses bytes of another key, bytes that were altered, and bytes that are none of its own', () => {
    const encryption = makeEncryption(newKey());
    const bytes = encryption.encrypt('a secret text');
    assert.throws(() => makeEncryption(newKey()).decrypt(bytes));
    for (let index = 0; index < bytes.length; index += 1) {
      const altered = Buffer.from(bytes);
      altered[index] = (altered[index] ?? 0) ^ 1;
      assert.throws(() => encryption.decrypt(altered), `byte ${index}`);
    }
    for (const length of [0, 1, 28]) assert.throws(() => encryption.decrypt(bytes.subarray(0, length)));
  });

  it('opens a secret only for the owner that it was encrypted for', () => {
    const encryption = makeEncryption(newKey());
    const bytes = encryption.encrypt('a secret text', 'one');
    assert.equal(encryption.decrypt(bytes, 'one'), 'a secret text');
    assert.throws(() => encryption.decrypt(bytes, 'another'));
    assert.throws(() => encryption.decrypt(bytes));
    assert.throws(() => encryption.decrypt(encryption.encrypt('a secret text'), 'one'));
  });

  it('wants a key of 32 bytes', () => {
    assert.throws(() => makeEncryption(createSecretKey(randomBytes(16))), /32 bytes/);
  });
});
