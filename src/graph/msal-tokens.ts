import { createHash } from 'node:crypto';
import type { AuthenticationResult, ConfidentialClientApplication } from '@azure/msal-node';
import { type GraphConnection, GraphError } from '../operations/tenants/graph-ports.ts';
import type { GraphTokens, IssuedToken, TokenDemand } from './graph-tokens.ts';
import { makeLru } from './lru.ts';
import {
  applicationScopes,
  delegatedScopes,
  type MsalParts,
  makeMsalClient,
  shortScopes,
} from './msal-client.ts';
import { makeSealedTokenCache, type TokenCacheParts } from './sealed-token-cache.ts';
import { signInFailure } from './sign-in-failure.ts';
import { withSignal } from './timing.ts';
import { readClaims } from './token-claims.ts';

export type MsalTokensParts = MsalParts & TokenCacheParts;

/** Before a token ends, so that no call is under way with one that just did. */
const RENEW_BEFORE_MS = 5 * 60_000;
/** Clients are small, but each holds the tokens of a tenant. */
const MAX_CLIENTS = 500;

interface Holder {
  readonly client: ConfidentialClientApplication;
  token: IssuedToken | null;
  /** The claims that `token` was asked for with. */
  claims: string | null;
  /** Counts tokens, so that a demand can tell whether another one has come since. */
  issued: number;
  /** Requests for tokens follow one another: whoever waited mostly finds a new one already there. */
  queue: Promise<unknown>;
}

export function makeMsalTokens(parts: MsalTokensParts): GraphTokens {
  const holders = makeLru<Holder>(MAX_CLIENTS);

  const holderOf = (connection: GraphConnection): Holder => {
    const key = `${connection.connectionId} ${connection.flow} ${fingerprintOf(connection)}`;
    const known = holders.get(key);
    if (known) return known;
    const holder: Holder = {
      client: makeMsalClient(parts, connection, cachePluginFor(parts, connection)),
      token: null,
      claims: null,
      issued: 0,
      queue: Promise.resolve(),
    };
    holders.set(key, holder);
    return holder;
  };

  return {
    get: async (connection, demand, signal) => {
      const holder = holderOf(connection);
      const seen = holder.issued;
      const known = knownToken(holder, demand, { seen, now: parts.timing.now() });
      if (known) return known;
      const turn = holder.queue.then(async () => {
        const meanwhile = knownToken(holder, demand, { seen, now: parts.timing.now() });
        return meanwhile ?? (await renew(parts, holder, connection, demand));
      });
      holder.queue = turn.catch(() => {});
      return await withSignal(turn, signal);
    },
    forget: (connectionId) => holders.deleteWhere((key) => key.startsWith(`${connectionId} `)),
  };
}

/** Application tokens are asked for again after a restart; only a person's consent has to be kept. */
function cachePluginFor(parts: MsalTokensParts, { organizationId, connectionId, flow }: GraphConnection) {
  return flow === 'application'
    ? undefined
    : makeSealedTokenCache(parts, { organizationId, connectionId, flow });
}

/** Another application, tenant or key is another client. The key itself must not lie about as one of a map. */
const fingerprintOf = ({ cloud, tenantId, applicationId, applicationKey }: GraphConnection): string =>
  createHash('sha256')
    .update(JSON.stringify([cloud, tenantId, applicationId, applicationKey]))
    .digest('base64url');

interface Moment {
  /** `issued` when the demand was made. */
  readonly seen: number;
  readonly now: number;
}

/** The token in memory, unless the demand calls for another one and none has come since. */
function knownToken(
  holder: Holder,
  { isFresh, claims }: TokenDemand,
  { seen, now }: Moment,
): IssuedToken | null {
  const { token, issued } = holder;
  if (token === null || token.expiresAt - RENEW_BEFORE_MS <= now) return null;
  if (isFresh && issued === seen) return null;
  if (claims !== undefined && claims !== holder.claims) return null;
  return token;
}

async function renew(
  parts: MsalTokensParts,
  holder: Holder,
  connection: GraphConnection,
  demand: TokenDemand,
): Promise<IssuedToken> {
  const isDelegated = connection.flow === 'delegated';
  try {
    const result = isDelegated
      ? await renewDelegated(parts, holder, connection, demand)
      : await renewApplication(parts, holder, connection, demand);
    holder.token = issuedToken(result, isDelegated, parts.timing.now());
    holder.claims = demand.claims ?? null;
    holder.issued += 1;
    return holder.token;
  } catch (error) {
    throw signInFailure(error, connection, isDelegated ? 'renewal' : 'application');
  }
}

async function renewDelegated(
  { clouds }: MsalTokensParts,
  { client }: Holder,
  connection: GraphConnection,
  { isFresh = false, claims }: TokenDemand,
): Promise<AuthenticationResult> {
  const [account] = await client.getTokenCache().getAllAccounts();
  if (!account) {
    throw new GraphError(
      'signInRequired',
      'Nobody has signed in for this connection yet. Use Azure Connect.',
    );
  }
  return await client.acquireTokenSilent({
    account,
    scopes: delegatedScopes(clouds[connection.cloud]),
    forceRefresh: isFresh,
    ...(claims === undefined ? {} : { claims }),
  });
}

async function renewApplication(
  { clouds }: MsalTokensParts,
  { client }: Holder,
  connection: GraphConnection,
  { isFresh = false, claims }: TokenDemand,
): Promise<AuthenticationResult> {
  const result = await client.acquireTokenByClientCredential({
    scopes: applicationScopes(clouds[connection.cloud]),
    skipCache: isFresh,
    // Whatever the environment says: a region would be another host.
    azureRegion: 'DisableMsalForceRegion',
    ...(claims === undefined ? {} : { claims }),
  });
  if (result) return result;
  throw new GraphError('unexpected', 'The identity platform gave no token. Check the app registration.');
}

function issuedToken(result: AuthenticationResult, isDelegated: boolean, receivedAt: number): IssuedToken {
  const { accessToken, expiresOn, scopes } = result;
  return {
    accessToken,
    receivedAt,
    expiresAt: expiresOn?.getTime() ?? 0,
    scopes: isDelegated ? shortScopes(scopes) : rolesOf(accessToken),
  };
}

/** Application permissions stand only in the token itself. Empty when it cannot be read. */
function rolesOf(accessToken: string): readonly string[] {
  const roles = readClaims(accessToken)?.roles;
  return Array.isArray(roles)
    ? shortScopes(roles.filter((role): role is string => typeof role === 'string'))
    : [];
}
