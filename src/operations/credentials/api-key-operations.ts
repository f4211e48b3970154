import type { CredentialMaker } from '../connections/connection-ports.ts';
import type { ApiKeyRole, OrganizationContext } from '../context.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import { OperationError } from '../operation-error.ts';
import type { ApiKey } from '../organizations/admin-ports.ts';
import type { Clock, Identifiers, Stores, UnitOfWork } from '../ports.ts';
import { readExpiry } from './credential-input.ts';

export interface ApiKeyDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly credentialMaker: CredentialMaker;
  /** Called after a commit that ended a credential. */
  readonly forgetCredentials: () => void;
}

export interface NewApiKey {
  readonly name: string;
  readonly role: ApiKeyRole;
  readonly expiresAt?: string | null;
}

export interface CreatedApiKey {
  readonly apiKey: ApiKey;
  /** Shown to the administrator now and never again. */
  readonly plain: string;
}

export interface ApiKeyOperations {
  readonly list: (context: OrganizationContext, page: PageRequest) => Promise<Page<ApiKey>>;
  readonly create: (context: OrganizationContext, input: NewApiKey) => Promise<CreatedApiKey>;
  readonly revoke: (context: OrganizationContext, id: string) => Promise<void>;
}

export function makeApiKeyOperations(dependencies: ApiKeyDependencies): ApiKeyOperations {
  const { unitOfWork, clock, identifiers, credentialMaker, forgetCredentials } = dependencies;
  return {
    list: (context, page) => unitOfWork.read(context, (stores) => stores.apiKeys.list(page)),
    create: async (context, input) => {
      const { plain, prefix, hash } = credentialMaker.makeApiKey();
      const now = clock.now();
      const apiKey: ApiKey = {
        id: identifiers.next(),
        name: input.name.trim(),
        role: input.role,
        prefix,
        createdAt: now,
        expiresAt: readExpiry(input.expiresAt, now),
        lastUsedAt: null,
      };
      await unitOfWork.write(context, 'none', (stores) => stores.apiKeys.insert(apiKey, hash));
      return { apiKey, plain };
    },
    revoke: async (context, id) => {
      await unitOfWork.write(context, 'none', (stores) => revoke(stores, id, clock.now()));
      forgetCredentials();
    },
  };
}

/** Somebody must stay able to make keys: an owner key that outlives this one by itself does not count once expired. */
async function revoke(stores: Stores, id: string, now: string): Promise<void> {
  const valid = await stores.apiKeys.lockValid(now);
  const owners = valid.filter(({ role }) => role === 'owner');
  if (owners.length === 1 && owners[0]?.id === id) {
    throw new OperationError(
      'conflict',
      'This is the last owner key. Make another one before you revoke it.',
    );
  }
  if (!(await stores.apiKeys.delete(id))) throw new OperationError('not-found', `There is no API key ${id}.`);
}
