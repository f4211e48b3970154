import type { StoredTokenCache, TokenCacheStore } from '../operations/tenants/graph-sign-in-ports.ts';
import type { SqlConnection } from './sql-connection.ts';

const newVersion = ([row]: readonly { readonly version: number }[]): number | null => row?.version ?? null;

/** Each write is one statement, which locks the row. A row without tokens stays, so that its version is never used again. */
export function makeTokenCacheStore(connection: SqlConnection): TokenCacheStore {
  const { organizationId } = connection.context;
  return {
    load: async ({ connectionId, flow }) => {
      const [row] = await connection.rows<StoredTokenCache>({
        text: `
          select t.sealed, t.version
          from graph_token_caches t
          where t.organization_id = $1 and t.connection_id = $2 and t.flow = $3 and t.sealed is not null`,
        values: [organizationId, connectionId, flow],
      });
      return row ?? null;
    },
    save: async ({ connectionId, flow }, sealed, expectedVersion) =>
      newVersion(
        await connection.rows<{ version: number }>(
          expectedVersion === null
            ? {
                text: `
                  insert into graph_token_caches as t (organization_id, connection_id, flow, sealed)
                  values ($1, $2, $3, $4)
                  on conflict (organization_id, connection_id, flow) do update
                  set sealed = excluded.sealed, version = t.version + 1, updated_at = now()
                  where t.sealed is null
                  returning t.version`,
                values: [organizationId, connectionId, flow, sealed],
              }
            : {
                text: `
                  update graph_token_caches t set sealed = $4, version = t.version + 1, updated_at = now()
                  where t.organization_id = $1 and t.connection_id = $2 and t.flow = $3
                    and t.version = $5 and t.sealed is not null
                  returning t.version`,
                values: [organizationId, connectionId, flow, sealed, expectedVersion],
              },
        ),
      ),
    replace: async ({ connectionId, flow }, sealed) => {
      const rows = await connection.rows<{ version: number }>({
        text: `
          insert into graph_token_caches as t (organization_id, connection_id, flow, sealed)
          values ($1, $2, $3, $4)
          on conflict (organization_id, connection_id, flow) do update
          set sealed = excluded.sealed, version = t.version + 1, updated_at = now()
          returning t.version`,
        values: [organizationId, connectionId, flow, sealed],
      });
      const version = newVersion(rows);
      if (version === null) throw new Error('The tokens were not written');
      return version;
    },
    delete: async ({ connectionId, flow }) => {
      await connection.execute({
        text: `
          update graph_token_caches t set sealed = null, version = t.version + 1, updated_at = now()
          where t.organization_id = $1 and t.connection_id = $2 and t.flow = $3 and t.sealed is not null`,
        values: [organizationId, connectionId, flow],
      });
    },
  };
}
