import type { CredentialMaker } from '../connections/connection-ports.ts';
import type { Clock, Identifiers, UnitOfWork } from '../ports.ts';
import type { IssueScimToken } from './scim-credential-ports.ts';

export interface IssueDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly credentialMaker: CredentialMaker;
}

/** Microsoft accepts one to six hours. */
const LIFETIME_SECONDS = 2 * 3600;

/** An access token for the SCIM endpoint of one connection; it ends with its time or with the credential. */
export function makeIssueScimToken(dependencies: IssueDependencies): IssueScimToken {
  const { unitOfWork, clock, identifiers, credentialMaker } = dependencies;
  return async (client, requestId) => {
    const { organizationId, connectionId, scimCredentialId } = client;
    const { plain, prefix, hash } = credentialMaker.makeScimToken();
    const createdAt = clock.now();
    const token = {
      id: identifiers.next(),
      connectionId,
      name: 'access token',
      prefix,
      createdAt,
      expiresAt: new Date(Date.parse(createdAt) + LIFETIME_SECONDS * 1000).toISOString(),
      lastUsedAt: null,
    };
    const context = { organizationId, actor: { kind: 'system' }, requestId } as const;
    await unitOfWork.write(context, 'none', (stores) =>
      stores.scimCredentials.insertAccessToken(token, hash, scimCredentialId),
    );
    return { plain, expiresInSeconds: LIFETIME_SECONDS };
  };
}
