import { createHash, randomBytes } from 'node:crypto';
import type { AuthenticationResult } from '@azure/msal-node';
import { type GraphConnection, type GraphDirectory, GraphError } from '../operations/tenants/graph-ports.ts';
import {
  APPLICATION_PERMISSIONS,
  DELEGATED_SCOPES,
  type GrantOutcome,
  type GraphSignIn,
  type PendingSignIn,
  type SignInAnswer,
} from '../operations/tenants/graph-sign-in-ports.ts';
import { describeApplicationKey } from './application-credential.ts';
import type { GraphTokens } from './graph-tokens.ts';
import { delegatedScopes, makeMsalClient, shortScopes } from './msal-client.ts';
import type { MsalTokensParts } from './msal-tokens.ts';
import { readOpenIdMetadata } from './openid-metadata.ts';
import { replaceTokens } from './sealed-token-cache.ts';
import { platformFailure, signInFailure } from './sign-in-failure.ts';
import { checkIdToken, isSameText, readClaims } from './token-claims.ts';

export interface GraphSignInParts extends MsalTokensParts {
  readonly tokens: GraphTokens;
  readonly directory: GraphDirectory;
}

/** 256 bits, in letters that need no escaping. */
const randomText = (): string => randomBytes(32).toString('base64url');
/** Nobody waits longer for a page. */
const METADATA_TIMEOUT_MS = 20_000;

export function makeGraphSignIn(parts: GraphSignInParts): GraphSignIn {
  return {
    start: (connection, request) => start(parts, connection, request),
    redeem: (connection, answer, pending) => redeem(parts, connection, answer, pending),
    connectApplication: (connection, signal) => check(parts, { ...connection, flow: 'application' }, signal),
    check: (connection, signal) => check(parts, connection, signal),
    describeKey: (applicationKey) => describeApplicationKey(applicationKey, parts.timing.now()),
    adminConsentUrl: (connection, { redirectUri, state }) => {
      const { authority, graphResource } = parts.clouds[connection.cloud];
      const url = new URL(`${authority}/${connection.tenantId}/v2.0/adminconsent`);
      url.searchParams.set('client_id', connection.applicationId);
      url.searchParams.set('scope', `${graphResource}/.default`);
      url.searchParams.set('redirect_uri', redirectUri);
      url.searchParams.set('state', state);
      return url.href;
    },
    forget: parts.tokens.forget,
  };
}

async function start(
  parts: GraphSignInParts,
  connection: GraphConnection,
  { redirectUri, statePrefix = '', askForConsent = false }: Parameters<GraphSignIn['start']>[1],
) {
  const pending: PendingSignIn = {
    state: `${statePrefix}${randomText()}`,
    nonce: randomText(),
    codeVerifier: randomText(),
    redirectUri,
  };
  try {
    const authorizationUrl = await makeMsalClient(parts, connection).getAuthCodeUrl({
      scopes: delegatedScopes(parts.clouds[connection.cloud]),
      redirectUri,
      state: pending.state,
      nonce: pending.nonce,
      codeChallenge: createHash('sha256').update(pending.codeVerifier).digest('base64url'),
      codeChallengeMethod: 'S256',
      responseMode: 'query',
      prompt: askForConsent ? 'consent' : 'select_account',
    });
    return { authorizationUrl, pending };
  } catch (error) {
    throw signInFailure(error, connection, 'signIn');
  }
}

async function redeem(
  parts: GraphSignInParts,
  connection: GraphConnection,
  answer: SignInAnswer,
  pending: PendingSignIn,
): Promise<GrantOutcome> {
  let grantedScopes: readonly string[] = [];
  try {
    const code = readAnswer(connection, answer, pending);
    const issuer = await issuerOf(parts, connection);
    const client = makeMsalClient(parts, connection);
    const result = await client.acquireTokenByCode(
      {
        code,
        scopes: delegatedScopes(parts.clouds[connection.cloud]),
        redirectUri: pending.redirectUri,
        codeVerifier: pending.codeVerifier,
        state: pending.state,
        // The library reads the expected nonce from here, and only here.
        nonce: pending.nonce,
      },
      // Without it, the library compares no state at all.
      { code, state: answer.state ?? '' },
    );
    checkIdToken(readClaims(result.idToken) ?? {}, connection, {
      issuer,
      nonce: pending.nonce,
      now: parts.timing.now(),
    });
    grantedScopes = shortScopes(result.scopes);
    requireScopes(grantedScopes);
    await keep(parts, connection, client.getTokenCache().serialize());
    return { kind: 'granted', grant: grantOf(connection, grantedScopes, result) };
  } catch (error) {
    return { kind: 'refused', failure: signInFailure(error, connection, 'signIn'), grantedScopes };
  }
}

/** The code, once the answer is known to belong to the sign-in that was started here. */
function readAnswer(connection: GraphConnection, answer: SignInAnswer, pending: PendingSignIn): string {
  if (!isSameText(answer.state ?? '', pending.state)) {
    throw new GraphError(
      'signInRefused',
      'The answer does not belong to the sign-in that was started. Connect again.',
    );
  }
  // `admin_consent=True` comes with failures too, so the error is what counts.
  if (answer.error !== undefined) {
    throw platformFailure(
      { error: answer.error, description: answer.errorDescription ?? '' },
      connection,
      'signIn',
    );
  }
  if (answer.code) return answer.code;
  throw new GraphError('signInRefused', 'The answer holds no code. Connect again.');
}

async function issuerOf(parts: GraphSignInParts, { cloud, tenantId }: GraphConnection): Promise<string> {
  const signal = AbortSignal.timeout(METADATA_TIMEOUT_MS);
  const metadata = await readOpenIdMetadata(parts, cloud, tenantId, signal);
  if (metadata.kind === 'found') return metadata.issuer.replace('{tenantid}', tenantId);
  throw new GraphError(
    'tenantNotFound',
    'The tenant does not exist in this cloud. Check the tenant and the cloud of the connection.',
  );
}

const includes = (granted: readonly string[], name: string): boolean =>
  granted.some((scope) => scope.toLowerCase() === name.toLowerCase());

function requireScopes(granted: readonly string[]): void {
  const missing = DELEGATED_SCOPES.filter((scope) => !includes(granted, scope));
  if (missing.length > 0) throw missingPermissions(missing, 'delegated');
}

function requireRoles(granted: readonly string[]): void {
  // Nothing could be read from the token; the calls themselves will tell.
  if (granted.length === 0) return;
  const missing = APPLICATION_PERMISSIONS.filter((choice) => !choice.some((name) => includes(granted, name)));
  if (missing.length > 0)
    throw missingPermissions(
      missing.map(([least]) => least),
      'application',
    );
}

function missingPermissions(missing: readonly string[], type: 'delegated' | 'application'): GraphError {
  const names = missing.join(', ');
  return new GraphError(
    'permissionMissing',
    `The ${type} permission ${names} of Microsoft Graph is missing. Add it to the app registration and let an administrator ` +
      'of the tenant consent on behalf of the organization, then connect again.',
    { permission: names },
  );
}

/** From now on these are the tokens of the connection, on every server. */
async function keep(parts: GraphSignInParts, connection: GraphConnection, text: string): Promise<void> {
  const { organizationId, connectionId } = connection;
  await replaceTokens(parts, { organizationId, connectionId, flow: 'delegated' }, text);
  parts.tokens.forget(connectionId);
}

const grantOf = (
  { tenantId }: GraphConnection,
  grantedScopes: readonly string[],
  { account }: AuthenticationResult,
) => ({ tenantId, grantedScopes, principal: account?.username || null });

/** A new token, and the proof that it reads the tenant of the connection. */
async function check(
  parts: GraphSignInParts,
  connection: GraphConnection,
  signal: AbortSignal,
): Promise<GrantOutcome> {
  let grantedScopes: readonly string[] = [];
  try {
    const token = await parts.tokens.get(connection, { isFresh: true }, signal);
    grantedScopes = token.scopes;
    if (connection.flow === 'delegated') requireScopes(grantedScopes);
    else requireRoles(grantedScopes);
    await proveTenant(parts, connection, token.accessToken, signal);
    return { kind: 'granted', grant: { tenantId: connection.tenantId, grantedScopes, principal: null } };
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    return { kind: 'refused', failure: error, grantedScopes };
  }
}

/**
 * By reading the organization. Where only that is not allowed, the tenant in the token has to do: it came from the token
 * endpoint of the tenant, for a secret that no other has.
 */
async function proveTenant(
  { directory }: GraphSignInParts,
  connection: GraphConnection,
  accessToken: string,
  signal: AbortSignal,
): Promise<void> {
  const tenantId = await directory
    .organization(connection, signal)
    .then((organization) => organization.tenantId)
    .catch((error: unknown) => {
      const claimed = readClaims(accessToken)?.tid;
      const isOnlyForbidden = error instanceof GraphError && error.kind === 'permissionMissing';
      if (isOnlyForbidden && typeof claimed === 'string') return claimed;
      throw error;
    });
  if (tenantId.toLowerCase() === connection.tenantId.toLowerCase()) return;
  throw new GraphError(
    'tenantMismatch',
    'The token reads another tenant than that of the connection. Check the tenant of the connection.',
  );
}
