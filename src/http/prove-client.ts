import { timingSafeEqual } from 'node:crypto';
import type { Logger } from '../observability/logger.ts';
import type {
  FoundScimCredential,
  ProvenClient,
  ScimCredentialKind,
} from '../operations/credentials/scim-credential-ports.ts';
import type { FoundScimToken } from './authentication.ts';
import { hashOf } from './credentials.ts';
import type { EntraTokenProfile, VerifyEntraToken } from './entra-token.ts';

export interface ProofParts {
  /** Every credential of the connection, expired ones too; none for an id that no connection has. */
  readonly findScimCredentials: (connectionId: string) => Promise<readonly FoundScimCredential[]>;
  readonly verifyEntraToken: VerifyEntraToken;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export type ClientProof =
  | { readonly kind: 'secret'; readonly secret: string }
  /** RFC 7523 §2.2. */
  | { readonly kind: 'assertion'; readonly assertion: string };

export interface ClientProofs {
  /** Null for a client that does not exist, is disabled, or does not prove itself. `clientId` is the connection's id. */
  readonly prove: (clientId: string, proof: ClientProof) => Promise<ProvenClient | null>;
  /** What a token of Entra stands for at a connection that accepts such. */
  readonly findSignedToken: (connectionId: string, token: string) => Promise<FoundScimToken | null>;
}

export function makeClientProofs({
  findScimCredentials,
  verifyEntraToken,
  logger,
  now,
}: ProofParts): ClientProofs {
  const usable = async (connectionId: string, kind: ScimCredentialKind) =>
    (await findScimCredentials(connectionId)).filter(
      (credential) =>
        credential.kind === kind &&
        credential.connectionStatus !== 'disabled' &&
        (credential.expiresAt === null || Date.parse(credential.expiresAt) > now()),
    );

  /** The first credential under which the token is valid, and until when. */
  const verify = async (
    connectionId: string,
    token: string,
    credentials: readonly FoundScimCredential[],
  ): Promise<{ credential: FoundScimCredential; expiresAt: number } | null> => {
    for (const credential of credentials) {
      const { tenantId, kind } = credential;
      if (tenantId === null) continue;
      const profile: EntraTokenProfile = kind === 'entraToken' ? 'v1' : 'v2';
      const verdict = await verifyEntraToken(token, profile, { ...credential, tenantId });
      if (verdict.kind === 'valid') return { credential, expiresAt: verdict.expiresAt };
      const { scimCredentialId } = credential;
      logger.warn({ connectionId, scimCredentialId, reason: verdict.reason }, 'a signed token was refused');
    }
    return null;
  };

  return {
    prove: async (clientId, proof) => {
      if (proof.kind === 'assertion') {
        const candidates = await usable(clientId, 'federatedIdentity');
        const found = await verify(clientId, proof.assertion, candidates);
        return found && provenBy(clientId, found.credential);
      }
      const hash = hashOf(proof.secret);
      const found = (await usable(clientId, 'clientSecret')).find(
        ({ secretHash }) => secretHash !== null && timingSafeEqual(secretHash, hash),
      );
      return found === undefined ? null : provenBy(clientId, found);
    },
    findSignedToken: async (connectionId, token) => {
      const found = await verify(connectionId, token, await usable(connectionId, 'entraToken'));
      if (found === null) return null;
      const { credential, expiresAt } = found;
      const ends =
        credential.expiresAt === null ? expiresAt : Math.min(expiresAt, Date.parse(credential.expiresAt));
      return {
        organizationId: credential.organizationId,
        scimTokenId: credential.scimCredentialId,
        connectionKind: credential.connectionKind,
        connectionStatus: credential.connectionStatus,
        customExtensions: credential.customExtensions,
        expiresAt: new Date(ends).toISOString(),
      };
    },
  };
}

const provenBy = (connectionId: string, credential: FoundScimCredential): ProvenClient => ({
  organizationId: credential.organizationId,
  connectionId,
  scimCredentialId: credential.scimCredentialId,
});
