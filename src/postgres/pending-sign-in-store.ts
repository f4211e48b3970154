import type { PendingSignInStore, StoredSignIn } from '../operations/tenants/pending-sign-in-ports.ts';
import type { SqlConnection } from './sql-connection.ts';

export function makePendingSignInStore(connection: SqlConnection): PendingSignInStore {
  const { organizationId } = connection.context;
  return {
    insert: async (state, { connectionId, sealed, expiresAt }, now) => {
      await connection.execute({
        text: `
          with expired as (
            delete from pending_sign_ins p where p.organization_id = $1 and p.expires_at <= $6
          )
          insert into pending_sign_ins (organization_id, state_hash, connection_id, sealed, expires_at)
          values ($1, sha256(convert_to($2, 'UTF8')), $3, $4, $5)`,
        values: [organizationId, state, connectionId, sealed, expiresAt, now],
      });
    },
    take: async (state) => {
      const [row] = await connection.rows<StoredSignIn>({
        text: `
          delete from pending_sign_ins p
          where p.organization_id = $1 and p.state_hash = sha256(convert_to($2, 'UTF8'))
          returning p.connection_id as "connectionId", p.sealed, p.expires_at as "expiresAt"`,
        values: [organizationId, state],
      });
      return row ?? null;
    },
  };
}
