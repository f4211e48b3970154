import type { ScimToken, ScimTokenStore } from '../../operations/connections/connection-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { Conditions, readPage } from './page-query.ts';

const select = `
  select t.scim_token_id as "id", t.connection_id as "connectionId", t.name, t.prefix, t.created_at as "createdAt",
    t.expires_at as "expiresAt", t.last_used_at as "lastUsedAt"
  from scim_tokens t`;

export function makeScimTokenStore(connection: SqlConnection): ScimTokenStore {
  const { organizationId } = connection.context;
  return {
    list: (connectionId, page) => {
      const conditions = new Conditions();
      conditions.add(`t.organization_id = ${conditions.bind(organizationId)}`);
      conditions.add(`t.connection_id = ${conditions.bind(connectionId)}`);
      // Access tokens belong to their credential.
      conditions.add('t.scim_credential_id is null');
      const read = (row: ScimToken): ScimToken => row;
      const key = 't.scim_token_id';
      return readPage(connection, { select, conditions, key, page, read, idOf: (token) => token.id });
    },
    insert: async (token, hash) => {
      await connection.execute({
        text: `
          insert into scim_tokens (organization_id, scim_token_id, connection_id, name, token_hash, prefix, created_at,
            expires_at)
          values ($1, $2, $3, $4, $5, $6, $7, $8)`,
        values: [
          organizationId,
          token.id,
          token.connectionId,
          token.name,
          hash,
          token.prefix,
          token.createdAt,
          token.expiresAt,
        ],
      });
    },
    delete: async (connectionId, id) => {
      const deleted = await connection.execute({
        text: `
          delete from scim_tokens
          where organization_id = $1 and connection_id = $2 and scim_token_id = $3 and scim_credential_id is null`,
        values: [organizationId, connectionId, id],
      });
      return deleted > 0;
    },
  };
}
