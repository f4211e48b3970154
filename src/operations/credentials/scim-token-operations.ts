import type { CredentialMaker, ScimToken } from '../connections/connection-ports.ts';
import type { OrganizationContext } from '../context.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import { OperationError } from '../operation-error.ts';
import type { Clock, Identifiers, Stores, UnitOfWork } from '../ports.ts';
import { readExpiry } from './credential-input.ts';

export interface ScimTokenDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly credentialMaker: CredentialMaker;
  /** Called after a commit that ended a credential. */
  readonly forgetCredentials: () => void;
}

export interface NewScimToken {
  readonly name: string;
  readonly expiresAt?: string | null;
}

export interface CreatedScimToken {
  readonly token: ScimToken;
  /** Shown to the administrator now and never again. */
  readonly plain: string;
}

export interface ScimTokenOperations {
  readonly list: (
    context: OrganizationContext,
    connectionId: string,
    page: PageRequest,
  ) => Promise<Page<ScimToken>>;
  readonly create: (
    context: OrganizationContext,
    connectionId: string,
    input: NewScimToken,
  ) => Promise<CreatedScimToken>;
  readonly revoke: (context: OrganizationContext, connectionId: string, id: string) => Promise<void>;
}

export function makeScimTokenOperations(dependencies: ScimTokenDependencies): ScimTokenOperations {
  const { unitOfWork, clock, identifiers, credentialMaker, forgetCredentials } = dependencies;
  return {
    list: (context, connectionId, page) =>
      unitOfWork.read(context, async (stores) => {
        requireFound(await stores.connections.get(connectionId), `connection ${connectionId}`);
        return stores.scimTokens.list(connectionId, page);
      }),
    create: async (context, connectionId, input) => {
      const { plain, prefix, hash } = credentialMaker.makeScimToken();
      const now = clock.now();
      const token: ScimToken = {
        id: identifiers.next(),
        connectionId,
        name: input.name.trim(),
        prefix,
        createdAt: now,
        expiresAt: readExpiry(input.expiresAt, now),
        lastUsedAt: null,
      };
      await unitOfWork.write(context, 'none', (stores) => insert(stores, token, hash));
      return { token, plain };
    },
    revoke: async (context, connectionId, id) => {
      await unitOfWork.write(context, 'none', async (stores) => {
        requireFound(await stores.scimTokens.delete(connectionId, id), `token ${id}`);
      });
      forgetCredentials();
    },
  };
}

async function insert(stores: Stores, token: ScimToken, hash: Uint8Array): Promise<void> {
  requireFound(await stores.connections.lock(token.connectionId), `connection ${token.connectionId}`);
  await stores.scimTokens.insert(token, hash);
}

function requireFound(found: unknown, what: string): void {
  if (found === null || found === false) throw new OperationError('not-found', `There is no ${what}.`);
}
