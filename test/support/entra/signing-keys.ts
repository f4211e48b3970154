import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Making an RSA key takes long; one emulator after another in one process shares what was made before. */
const pool: SigningKey[] = [];

function signingKeyFromPool(index: number): SigningKey {
  for (let size = pool.length; size <= index; size += 1) pool.push(makeSigningKey());
  const key = pool[index];
  if (key === undefined) throw new RangeError(`There is no key ${index}.`);
  return key;
}

export function makeSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicKey = createPublicKey(privateKey);
  const kid = createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  return { kid, privateKey, publicKey };
}

/** The keys of the identity platform: one signs, several are published. */
export class SigningKeys {
  #used = 1;
  #unpublished: SigningKey | null = null;
  readonly #published = new Set<SigningKey>();
  #current: SigningKey | undefined;

  get current(): SigningKey {
    if (this.#current === undefined) {
      this.#current = signingKeyFromPool(0);
      this.#published.add(this.#current);
    }
    return this.#current;
  }

  /** Keys rotate without notice: from now on a new one signs. Not published yet, it is what nobody can verify. */
  rotate({ isPublished, keepsOld }: { isPublished: boolean; keepsOld: boolean }): string {
    const old = this.current;
    const next = signingKeyFromPool(this.#used);
    this.#used += 1;
    if (!keepsOld) this.#published.delete(old);
    if (isPublished) this.#published.add(next);
    else this.#unpublished = next;
    this.#current = next;
    return next.kid;
  }

  publish(): void {
    if (this.#unpublished) this.#published.add(this.#unpublished);
    this.#unpublished = null;
  }

  find(kid: unknown): SigningKey | undefined {
    const current = this.current;
    return [current, ...this.#published].find((key) => key.kid === kid);
  }

  /** The key set as Entra writes it: `alg` is not among the members of a key. */
  keySet(issuer: string | undefined): { readonly keys: readonly object[] } {
    void this.current;
    const keys = [...this.#published].map(({ kid, publicKey }) => {
      const { n, e } = publicKey.export({ format: 'jwk' });
      return { kty: 'RSA', use: 'sig', kid, x5t: kid, n, e, ...(issuer === undefined ? {} : { issuer }) };
    });
    return { keys };
  }
}
