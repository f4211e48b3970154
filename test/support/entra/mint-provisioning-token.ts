import { createHmac, type KeyObject, randomUUID } from 'node:crypto';
import { MINUTE, SECOND } from './emulator-clock.ts';
import { type IssuerContext, issuerV1, issuerV2 } from './issuers.ts';
import { type Claims, encodePart, signToken } from './json-web-token.ts';
import { makeSigningKey, type SigningKey, type SigningKeys } from './signing-keys.ts';
import type { TenantDirectory } from './tenant-directory.ts';

/** The audience that all custom applications of all tenants share when the secret token is left blank. */
const CUSTOM_APPLICATION_AUDIENCE = '8adf8e6e-67b2-4cf2-a259-e3dc5476c621';
/** Microsoft.Azure.SyncFabric, the provisioning service. */
const PROVISIONING_SERVICE_APP_ID = '00000014-0000-0000-c000-000000000000';

export type TokenDefect =
  | 'alg-none'
  /** HS256 with the public key as the secret. */
  | 'alg-hs256'
  /** Signed by a key that is published under no name. */
  | 'unknown-kid'
  /** Names a published key, signed by another. */
  | 'wrong-key'
  | 'tampered';

export interface ProvisioningTokenInput {
  /** 1: a blank secret token; 2: a workload identity assertion. */
  readonly version: 1 | 2;
  readonly tenantId: string;
  readonly audience?: string;
  /** Object id of the provisioning principal. */
  readonly subject?: string;
  /** Seconds from now; negative for an expired token. */
  readonly expiresIn?: number;
  /** Set over everything else; null takes a claim away. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly defect?: TokenDefect;
}

interface MintContext {
  readonly tenant: TenantDirectory;
  readonly keys: SigningKeys;
  readonly issuer: IssuerContext;
  readonly wall: number;
}

/** The token with which Entra's provisioning service calls a SCIM endpoint, or one that only looks like it. */
export function mintProvisioningToken(input: ProvisioningTokenInput, context: MintContext): string {
  const claims = claimsOf(input, context);
  const { kid, privateKey, publicKey } = context.keys.current;
  const header = (alg: string, keyId = kid) => ({ typ: 'JWT', alg, x5t: keyId, kid: keyId });
  const defect = input.defect ?? 'none';
  switch (defect) {
    case 'none':
      return signToken(header('RS256'), claims, privateKey);
    case 'alg-none':
      return `${encodePart(header('none'))}.${encodePart(claims)}.`;
    case 'alg-hs256': {
      const signed = `${encodePart(header('HS256'))}.${encodePart(claims)}`;
      const secret = publicKey.export({ type: 'spki', format: 'pem' });
      return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    }
    case 'unknown-kid':
      return signToken(header('RS256', 'never-published'), claims, strangeKey());
    case 'wrong-key':
      return signToken(header('RS256'), claims, strangeKey());
    case 'tampered': {
      const [head, , signature] = signToken(header('RS256'), claims, privateKey).split('.');
      return `${head}.${encodePart({ ...claims, oid: randomUUID() })}.${signature}`;
    }
  }
}

let strange: SigningKey | undefined;

/** A key that no key set ever contains. */
function strangeKey(): KeyObject {
  strange ??= makeSigningKey();
  return strange.privateKey;
}

function claimsOf(input: ProvisioningTokenInput, { tenant, issuer, wall }: MintContext): Claims {
  const now = Math.floor(wall / SECOND);
  const subject = input.subject ?? randomUUID();
  const common = {
    aud: input.audience ?? CUSTOM_APPLICATION_AUDIENCE,
    iat: now,
    nbf: now - (5 * MINUTE) / SECOND,
    exp: now + (input.expiresIn ?? (60 * MINUTE) / SECOND),
    idtyp: 'app',
    oid: subject,
    sub: subject,
    tid: tenant.id,
    uti: randomUUID(),
  };
  const versioned =
    input.version === 1
      ? { iss: issuerV1(tenant, issuer), appid: PROVISIONING_SERVICE_APP_ID, appidacr: '2', ver: '1.0' }
      : { iss: issuerV2(tenant, issuer), azp: PROVISIONING_SERVICE_APP_ID, azpacr: '2', ver: '2.0' };
  const claims = { ...common, ...versioned, ...input.claims };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null));
}
