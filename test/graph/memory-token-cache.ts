import type {
  StoredTokenCache,
  TokenCacheKey,
  TokenCacheStore,
} from '../../src/operations/tenants/graph-sign-in-ports.ts';

export interface MemoryTokenCache extends TokenCacheStore {
  readonly rows: Map<string, StoredTokenCache>;
}

/** The port as a map: versions only ever grow. */
export function makeMemoryTokenCache(): MemoryTokenCache {
  const rows = new Map<string, StoredTokenCache>();
  let versions = 0;
  const nameOf = ({ organizationId, connectionId, flow }: TokenCacheKey) =>
    [organizationId, connectionId, flow].join('/');
  const write = (name: string, sealed: Uint8Array): number => {
    versions += 1;
    rows.set(name, { sealed, version: versions });
    return versions;
  };
  return {
    rows,
    load: async (key) => rows.get(nameOf(key)) ?? null,
    save: async (key, sealed, expected) => {
      const current = rows.get(nameOf(key))?.version ?? null;
      return current === expected ? write(nameOf(key), sealed) : null;
    },
    replace: async (key, sealed) => write(nameOf(key), sealed),
    delete: async (key) => void rows.delete(nameOf(key)),
  };
}
