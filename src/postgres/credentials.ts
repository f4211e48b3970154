import type { Logger } from '../observability/logger.ts';
import type { ApiKeyRole, ConnectionKind, OrganizationContext } from '../operations/context.ts';
import type { FoundScimCredential } from '../operations/credentials/scim-credential-ports.ts';
import type { Page, PageRequest } from '../operations/keyset-page.ts';
import type { Organization } from '../operations/organizations/admin-ports.ts';
import type { Database } from './database.ts';
import { withBoundConnection } from './unit-of-work.ts';
import { isUuid } from './uuid.ts';

export interface ScimTokenRecord {
  readonly organizationId: string;
  readonly scimTokenId: string;
  readonly connectionKind: ConnectionKind;
  readonly connectionStatus: string;
  /** Of the connection, as JSON. */
  readonly customExtensions: string;
  readonly expiresAt: string | null;
}

export interface ApiKeyRecord {
  readonly organizationId: string;
  readonly apiKeyId: string;
  readonly name: string;
  readonly role: ApiKeyRole;
  readonly expiresAt: string | null;
}

/** What must be found before an organization is known, and the note of when a credential was last used. */
export interface Credentials {
  /** `hash` is the SHA-256 of the token; expired ones are found too. */
  readonly findScimToken: (connectionId: string, hash: Buffer) => Promise<ScimTokenRecord | null>;
  /** Every credential of the connection, expired ones too; none for an id that no connection has. */
  readonly findScimCredentials: (connectionId: string) => Promise<readonly FoundScimCredential[]>;
  readonly findApiKey: (hash: Buffer) => Promise<ApiKeyRecord | null>;
  /** The extension schemas of a connection, as JSON; null for an id that no connection has. Nothing else about it. */
  readonly findConnectionExtensions: (connectionId: string) => Promise<string | null>;
  /** All organizations in id order. */
  readonly listOrganizations: (page: PageRequest) => Promise<Page<Organization>>;
  /**
   * Notes that a token, or a credential whose tokens are accepted, was used now; written in batches, so it returns at
   * once.
   */
  readonly touchScimToken: (organizationId: string, scimTokenId: string) => void;
  readonly touchApiKey: (organizationId: string, apiKeyId: string) => void;
  /** Writes what is noted and stops noting. Call it before the database is closed. */
  readonly close: () => Promise<void>;
}

/** `lastUsedAt` must be visible within 5 s. */
const flushAfterMs = 2_000;

interface Touches {
  readonly scimTokens: Set<string>;
  readonly apiKeys: Set<string>;
}

export function makeCredentials(database: Database, logger?: Logger): Credentials {
  const noted = new Map<string, Touches>();
  let timer: NodeJS.Timeout | null = null;
  let flushing: Promise<void> = Promise.resolve();

  const flush = (): void => {
    timer = null;
    const batch = [...noted];
    noted.clear();
    const at = new Date().toISOString();
    flushing = flushing.then(async () => {
      for (const [organizationId, touches] of batch) {
        // The time of last use is worth a line in the log, not a failure.
        await writeTouches(database, organizationId, touches, at).catch((error: unknown) => {
          logger?.warn({ err: error }, 'the time of last use of credentials was not written');
        });
      }
    });
  };
  const note = (organizationId: string, kind: keyof Touches, id: string): void => {
    const touches = noted.get(organizationId) ?? {
      scimTokens: new Set<string>(),
      apiKeys: new Set<string>(),
    };
    touches[kind].add(id);
    noted.set(organizationId, touches);
    timer ??= setTimeout(flush, flushAfterMs).unref();
  };

  return {
    ...lookups(database),
    touchScimToken: (organizationId, scimTokenId) => note(organizationId, 'scimTokens', scimTokenId),
    touchApiKey: (organizationId, apiKeyId) => note(organizationId, 'apiKeys', apiKeyId),
    close: async () => {
      if (timer !== null) clearTimeout(timer);
      flush();
      await flushing;
    },
  };
}

function lookups(
  database: Database,
): Pick<
  Credentials,
  'findScimToken' | 'findScimCredentials' | 'findApiKey' | 'findConnectionExtensions' | 'listOrganizations'
> {
  return {
    findScimToken: async (connectionId, hash) => {
      if (!isUuid(connectionId)) return null;
      const [row] = await database.systemRows<ScimTokenRecord>({
        name: 'find_scim_token',
        text: `
          select f.organization_id as "organizationId", f.scim_token_id as "scimTokenId",
            f.connection_kind as "connectionKind", f.connection_status as "connectionStatus",
            connection_extensions($1::uuid) as "customExtensions", f.expires_at as "expiresAt"
          from find_scim_token($1::uuid, $2::bytea) f`,
        values: [connectionId, hash],
      });
      return row ?? null;
    },
    findScimCredentials: async (connectionId) => {
      if (!isUuid(connectionId)) return [];
      return database.systemRows<FoundScimCredential>({
        name: 'find_scim_credentials',
        text: `
          select f.organization_id as "organizationId", f.scim_credential_id as "scimCredentialId",
            f.connection_kind as "connectionKind", f.connection_status as "connectionStatus",
            connection_extensions($1::uuid) as "customExtensions", f.cloud, f.kind,
            f.secret_hash as "secretHash", f.tenant_id as "tenantId", f.subject,
            f.caller_application_id as "callerApplicationId", f.audiences, f.expires_at as "expiresAt"
          from find_scim_credentials($1::uuid) f`,
        values: [connectionId],
      });
    },
    findApiKey: async (hash) => {
      const [row] = await database.systemRows<ApiKeyRecord>({
        name: 'find_api_key',
        text: `
          select f.organization_id as "organizationId", f.api_key_id as "apiKeyId", f.name, f.role,
            f.expires_at as "expiresAt"
          from find_api_key($1::bytea) f`,
        values: [hash],
      });
      return row ?? null;
    },
    findConnectionExtensions: async (connectionId) => {
      if (!isUuid(connectionId)) return null;
      const [row] = await database.systemRows<{ extensions: string | null }>({
        name: 'connection_extensions',
        text: 'select connection_extensions($1::uuid) as extensions',
        values: [connectionId],
      });
      return row?.extensions ?? null;
    },
    listOrganizations: async ({ after, limit }) => {
      // One more than asked for tells whether there is a next page.
      const rows = await database.systemRows<Organization>({
        text: `
          select o.organization_id as "id", o.name, o.created_at as "createdAt"
          from list_organizations($1::uuid, $2::integer) o`,
        values: [after, limit + 1],
      });
      const items = rows.slice(0, limit);
      return { items, nextAfter: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
  };
}

const systemContext = (organizationId: string): OrganizationContext => ({
  organizationId,
  actor: { kind: 'system' },
  requestId: null,
});

function writeTouches(
  database: Database,
  organizationId: string,
  touches: Touches,
  at: string,
): Promise<number> {
  return withBoundConnection(database, systemContext(organizationId), (connection) =>
    connection.execute({
      name: 'touch_credentials',
      text: `
        with touched_tokens as (
          update scim_tokens set last_used_at = $2::timestamptz
          where organization_id = $1::uuid and scim_token_id = any($3::uuid[])
        ), touched_credentials as (
          update scim_credentials set last_used_at = $2::timestamptz
          where organization_id = $1::uuid and scim_credential_id = any($3::uuid[])
        )
        update api_keys set last_used_at = $2::timestamptz
        where organization_id = $1::uuid and api_key_id = any($4::uuid[])`,
      values: [organizationId, at, [...touches.scimTokens], [...touches.apiKeys]],
    }),
  );
}
