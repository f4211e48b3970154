import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import { JwksClient, SigningKeyNotFoundError } from 'jwks-rsa';
import { OperationError } from '../operations/operation-error.ts';

/** The public key with this id of the set at `keysUrl`, or null when the set has none such. Throws `unavailable`. */
export type FindSigningKey = (keysUrl: string, keyId: string) => Promise<KeyObject | null>;

const HOUR_MS = 3_600_000;
const FETCH_TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 512 * 1024;
/** One for each tenant and kind of token; the longest unused goes. */
const MAX_SETS = 500;

async function fetchKeys(url: string): Promise<{ keys: unknown }> {
  // A redirect is an answer of somebody else.
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  const response = await fetch(url, {
    redirect: 'error',
    signal,
    headers: { accept: 'application/json' },
  });
  const text = await response.text();
  if (!response.ok || text.length > MAX_ANSWER_BYTES)
    throw new Error(`Signing keys: status ${response.status}`);
  const body: { keys?: unknown } | null = JSON.parse(text);
  return { keys: body?.keys };
}

/**
 * Keys change without notice: an unknown id is looked up once more, at most ten times a minute for each set, so that
 * invented ids cannot make this server hammer another. Known keys are served on while the set cannot be read.
 */
export function makeFindSigningKey(): FindSigningKey {
  const sets = new Map<string, JwksClient>();

  const setAt = (keysUrl: string): JwksClient => {
    const known = sets.get(keysUrl);
    sets.delete(keysUrl);
    const client =
      known ??
      new JwksClient({
        jwksUri: keysUrl,
        fetcher: fetchKeys,
        cacheMaxEntries: 50,
        cacheMaxAge: 6 * HOUR_MS,
        cacheMaxAgeFallback: 24 * HOUR_MS,
        rateLimit: true,
        jwksRequestsPerMinute: 10,
      });
    sets.set(keysUrl, client);
    const [oldest] = sets.keys();
    if (sets.size > MAX_SETS && oldest !== undefined) sets.delete(oldest);
    return client;
  };

  return async (keysUrl, keyId) => {
    try {
      const key = await setAt(keysUrl).getSigningKey(keyId);
      return createPublicKey(key.getPublicKey());
    } catch (cause) {
      if (cause instanceof SigningKeyNotFoundError) return null;
      const detail =
        'The signing keys of the identity platform cannot be read at the moment. Try again later.';
      throw new OperationError('unavailable', detail, { cause });
    }
  };
}
