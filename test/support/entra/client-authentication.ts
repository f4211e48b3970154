import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Application } from './applications.ts';
import { SECOND } from './emulator-clock.ts';
import { type Claims, type DecodedToken, decodeToken, isSignedBy } from './json-web-token.ts';
import { LoginError, unknownApplication } from './login-error.ts';
import { expectTenant, isAnyTenant, type LoginWorld } from './login-world.ts';

export interface TokenRequest {
  readonly form: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly tenantName: string;
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** RFC 6749 §2.3.1 and RFC 7523 §2.2: the application, proven by a secret or by an assertion. */
export function authenticateClient(world: LoginWorld, request: TokenRequest): Application {
  const basic = readBasic(request.headers['authorization']);
  const clientId = request.form.get('client_id') ?? basic?.id ?? '';
  const application = world.applications.find(clientId);
  if (!application) throw unknownApplication(clientId, request.tenantName);
  const assertion = request.form.get('client_assertion');
  if (assertion !== null) {
    checkAssertion(world, application, request, assertion);
    return application;
  }
  const secret = request.form.get('client_secret') ?? basic?.secret;
  if (secret === undefined) {
    throw new LoginError(
      'invalid_client',
      7000218,
      'The request has no client_secret and no client_assertion.',
    );
  }
  checkSecret(world, application, secret);
  return application;
}

function readBasic(header: string | undefined): { id: string; secret: string } | undefined {
  const encoded = /^Basic (.+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return { id: decodeURIComponent(id), secret: decodeURIComponent(secret.join(':')) };
}

function checkSecret({ clock }: LoginWorld, { appId, secrets }: Application, given: string): void {
  const secret = secrets.find(({ value }) => value === given);
  if (!secret) {
    const hint = secrets.some(({ id }) => id === given) ? ' It is the id of a secret, not its value.' : '';
    throw new LoginError('invalid_client', 7000215, `The client secret is not valid for '${appId}'.${hint}`);
  }
  if (secret.expiresAt !== null && secret.expiresAt <= clock.now()) {
    throw new LoginError('invalid_client', 7000222, `The client secret of '${appId}' has expired.`);
  }
}

function checkAssertion(
  world: LoginWorld,
  application: Application,
  request: TokenRequest,
  text: string,
): void {
  const token = decodeToken(text);
  if (request.form.get('client_assertion_type') !== ASSERTION_TYPE || !token) {
    throw new LoginError('invalid_client', 50027, 'The client assertion is malformed.');
  }
  const expiry = token.claims['exp'];
  if (typeof expiry !== 'number' || expiry * SECOND <= world.clock.wall()) {
    throw new LoginError('invalid_client', 700024, 'The client assertion is not within its valid time.');
  }
  if (token.claims['iss'] === application.appId)
    checkCertificateAssertion(world, application, request, token);
  else checkFederatedAssertion(application, token);
}

function checkCertificateAssertion(
  world: LoginWorld,
  application: Application,
  { tenantName }: TokenRequest,
  token: DecodedToken,
): void {
  const { header, claims } = token;
  const certificate = application.certificates.find(
    ({ sha1, sha256 }) => header['x5t#S256'] === sha256 || header['x5t'] === sha1,
  );
  if (!certificate || !isSignedBy(token, certificate.publicKey, ['PS256', 'RS256'])) {
    throw new LoginError(
      'invalid_client',
      700027,
      'The certificate of the client assertion is not registered.',
    );
  }
  if (claims['sub'] !== application.appId) {
    throw new LoginError(
      'invalid_client',
      700021,
      'The subject of the client assertion is not the application.',
    );
  }
  if (!isTokenEndpoint(world, claims, tenantName)) {
    throw new LoginError('invalid_client', 700023, 'The audience of the client assertion is another one.');
  }
}

/** The address of the token endpoint of this tenant, whatever host the client knows it by. */
function isTokenEndpoint(world: LoginWorld, claims: Claims, tenantName: string): boolean {
  const audience = typeof claims['aud'] === 'string' ? claims['aud'] : '';
  const named = /^https?:\/\/[^/]+\/([^/]+)(?:\/oauth2\/v2\.0\/token|\/v2\.0\/?|\/)$/.exec(audience)?.[1];
  if (named === undefined) return false;
  if (isAnyTenant(named) || isAnyTenant(tenantName)) return named === tenantName;
  return world.tenants.find(named) === expectTenant(world, tenantName);
}

function checkFederatedAssertion(application: Application, token: DecodedToken): void {
  const { iss, sub, aud } = token.claims;
  const trust = application.federatedCredentials.find(
    ({ issuer, subject, audience }) => issuer === iss && subject === sub && audience === aud,
  );
  if (!trust) {
    throw new LoginError(
      'invalid_client',
      700213,
      `No federated identity of '${application.appId}' matches issuer '${String(iss)}', subject '${String(sub)}' and audience '${String(aud)}'.`,
    );
  }
  if (!isSignedBy(token, readKey(trust.publicKey), ['RS256', 'PS256'])) {
    throw new LoginError('invalid_client', 700027, 'The signature of the client assertion is not valid.');
  }
}

function readKey(pem: string): KeyObject {
  return createPublicKey(pem);
}
