import type { OrganizationContext } from '../context.ts';
import type { UnitOfWork } from '../ports.ts';
import type { TokenCacheKey, TokenCacheStore } from './graph-sign-in-ports.ts';

const contextOf = ({ organizationId }: TokenCacheKey): OrganizationContext => ({
  organizationId,
  actor: { kind: 'system' },
  requestId: null,
});

/** The stored tokens for whoever signs in: each call is a short transaction of its own, in the organization of its key. */
export function makeTokenCache(unitOfWork: UnitOfWork): TokenCacheStore {
  return {
    load: (key) => unitOfWork.read(contextOf(key), (stores) => stores.tokenCaches.load(key)),
    save: (key, sealed, expectedVersion) =>
      unitOfWork.write(contextOf(key), 'none', (stores) =>
        stores.tokenCaches.save(key, sealed, expectedVersion),
      ),
    replace: (key, sealed) =>
      unitOfWork.write(contextOf(key), 'none', (stores) => stores.tokenCaches.replace(key, sealed)),
    delete: (key) => unitOfWork.write(contextOf(key), 'none', (stores) => stores.tokenCaches.delete(key)),
  };
}
