import type {
  ScimCredential,
  ScimCredentialStore,
} from '../../operations/credentials/scim-credential-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { Conditions, readPage } from './page-query.ts';

const select = `
  select k.scim_credential_id as "id", k.connection_id as "connectionId", k.kind, k.name, k.prefix,
    k.tenant_id as "tenantId", k.subject, k.caller_application_id as "callerApplicationId", k.audiences,
    k.created_at as "createdAt", k.expires_at as "expiresAt", k.last_used_at as "lastUsedAt"
  from scim_credentials k`;

export function makeScimCredentialStore(connection: SqlConnection): ScimCredentialStore {
  const { organizationId } = connection.context;
  return {
    list: (connectionId, page) => {
      const conditions = new Conditions();
      conditions.add(`k.organization_id = ${conditions.bind(organizationId)}`);
      conditions.add(`k.connection_id = ${conditions.bind(connectionId)}`);
      const read = (row: ScimCredential): ScimCredential => row;
      const key = 'k.scim_credential_id';
      return readPage(connection, { select, conditions, key, page, read, idOf: ({ id }) => id });
    },
    insert: async (credential, secretHash) => {
      await connection.execute({
        text: `
          insert into scim_credentials (organization_id, scim_credential_id, connection_id, kind, name, secret_hash,
            prefix, tenant_id, subject, caller_application_id, audiences, created_at, expires_at)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
        values: [
          organizationId,
          credential.id,
          credential.connectionId,
          credential.kind,
          credential.name,
          secretHash,
          credential.prefix,
          credential.tenantId,
          credential.subject,
          credential.callerApplicationId,
          credential.audiences,
          credential.createdAt,
          credential.expiresAt,
        ],
      });
    },
    delete: async (connectionId, id) => {
      const deleted = await connection.execute({
        text: `
          delete from scim_credentials
          where organization_id = $1 and connection_id = $2 and scim_credential_id = $3`,
        values: [organizationId, connectionId, id],
      });
      return deleted > 0;
    },
    insertAccessToken: async (token, hash, credentialId) => {
      await connection.execute({
        text: `
          with expired as (
            delete from scim_tokens
            where organization_id = $1::uuid and scim_credential_id = $2::uuid and expires_at < $7::timestamptz
          ), used as (
            update scim_credentials set last_used_at = $7::timestamptz
            where organization_id = $1::uuid and scim_credential_id = $2::uuid
          )
          insert into scim_tokens (organization_id, scim_credential_id, scim_token_id, connection_id, name, token_hash,
            prefix, created_at, expires_at)
          values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5, $6::bytea, $8, $7::timestamptz, $9::timestamptz)`,
        values: [
          organizationId,
          credentialId,
          token.id,
          token.connectionId,
          token.name,
          hash,
          token.createdAt,
          token.prefix,
          token.expiresAt,
        ],
      });
    },
  };
}
