import type { ICachePlugin, TokenCacheContext } from '@azure/msal-node';
import type { Logger } from '../observability/logger.ts';
import type { Encryption } from '../operations/connections/connection-ports.ts';
import type { TokenCacheKey, TokenCacheStore } from '../operations/tenants/graph-sign-in-ports.ts';

export interface TokenCacheParts {
  readonly tokenCache: TokenCacheStore;
  readonly encryption: Encryption;
  readonly logger: Logger;
}

/** Moves with the form of what is sealed. */
const FORM = 'graph-tokens-1';
/** What the library writes for a cache without tokens. An empty text would leave the former one in its memory. */
const NOTHING = JSON.stringify({
  Account: {},
  IdToken: {},
  AccessToken: {},
  RefreshToken: {},
  AppMetadata: {},
});

const ownerOf = ({ organizationId, connectionId, flow }: TokenCacheKey): string =>
  [FORM, organizationId, connectionId, flow].join(' ');

/** Stores the tokens of a new sign-in, whatever was there. */
export async function replaceTokens(
  { tokenCache, encryption }: TokenCacheParts,
  key: TokenCacheKey,
  text: string,
): Promise<void> {
  await tokenCache.replace(key, encryption.encrypt(text, ownerOf(key)));
}

/** Loads before every use, so that all servers see a new sign-in, and stores what a refresh changed. */
export function makeSealedTokenCache(parts: TokenCacheParts, key: TokenCacheKey): ICachePlugin {
  const { tokenCache, encryption, logger } = parts;
  let version: number | null = null;
  return {
    beforeCacheAccess: async (context: TokenCacheContext) => {
      const stored = await tokenCache.load(key);
      version = stored?.version ?? null;
      context.tokenCache.deserialize(stored ? open(parts, key, stored.sealed) : NOTHING);
    },
    afterCacheAccess: async (context: TokenCacheContext) => {
      if (!context.cacheHasChanged) return;
      const sealed = encryption.encrypt(context.tokenCache.serialize(), ownerOf(key));
      const saved = await tokenCache.save(key, sealed, version);
      // An old refresh token stays good, so whoever wrote meanwhile may have the last word.
      if (saved === null)
        logger.debug({ connectionId: key.connectionId }, 'token cache was written meanwhile');
      else version = saved;
    },
  };
}

/** Tokens that cannot be opened are lost, which a new sign-in mends; they are no reason to fail in another way. */
function open({ encryption, logger }: TokenCacheParts, key: TokenCacheKey, sealed: Uint8Array): string {
  try {
    return encryption.decrypt(sealed, ownerOf(key));
  } catch (error) {
    logger.error(
      { connectionId: key.connectionId, flow: key.flow, err: error },
      'stored tokens cannot be opened; was ENCRYPTION_KEY changed?',
    );
    return NOTHING;
  }
}
