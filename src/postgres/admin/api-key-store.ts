import type { ApiKey, ApiKeyStore } from '../../operations/organizations/admin-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { Conditions, readPage } from './page-query.ts';

const select = `
  select k.api_key_id as "id", k.name, k.role, k.prefix, k.created_at as "createdAt", k.expires_at as "expiresAt",
    k.last_used_at as "lastUsedAt"
  from api_keys k`;

export function makeApiKeyStore(connection: SqlConnection): ApiKeyStore {
  const { organizationId } = connection.context;
  return {
    list: (page) => {
      const conditions = new Conditions();
      conditions.add(`k.organization_id = ${conditions.bind(organizationId)}`);
      const read = (row: ApiKey): ApiKey => row;
      return readPage(connection, {
        select,
        conditions,
        key: 'k.api_key_id',
        page,
        read,
        idOf: (key) => key.id,
      });
    },
    insert: async (key, hash) => {
      await connection.execute({
        text: `
          insert into api_keys (organization_id, api_key_id, name, role, key_hash, prefix, created_at, expires_at)
          values ($1, $2, $3, $4, $5, $6, $7, $8)
          on conflict (organization_id, key_hash) do nothing`,
        values: [organizationId, key.id, key.name, key.role, hash, key.prefix, key.createdAt, key.expiresAt],
      });
    },
    lockValid: (at) =>
      connection.rows<ApiKey>({
        text: `
          ${select} where k.organization_id = $1 and (k.expires_at is null or k.expires_at > $2)
          order by k.api_key_id for update`,
        values: [organizationId, at],
      }),
    delete: async (id) => {
      const deleted = await connection.execute({
        text: 'delete from api_keys where organization_id = $1 and api_key_id = $2',
        values: [organizationId, id],
      });
      return deleted > 0;
    },
    holds: async (hash) => {
      const rows = await connection.rows({
        text: 'select k.api_key_id from api_keys k where k.organization_id = $1 and k.key_hash = $2',
        values: [organizationId, hash],
      });
      return rows.length > 0;
    },
    deleteNamed: async (name) => {
      await connection.execute({
        text: 'delete from api_keys where organization_id = $1 and name = $2',
        values: [organizationId, name],
      });
    },
  };
}
