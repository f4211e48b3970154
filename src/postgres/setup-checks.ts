import type pg from 'pg';
import { DatabaseSetupError } from './database-setup-error.ts';

interface ServerFacts {
  readonly version: number;
  readonly versionText: string;
  readonly encoding: string;
  readonly isReplica: boolean;
}

/** Refuses a server that the schema would not work on. */
export async function refuseUnusableServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<ServerFacts>(`
    select current_setting('server_version_num')::integer as "version",
      current_setting('server_version') as "versionText",
      current_setting('server_encoding') as "encoding",
      pg_is_in_recovery() as "isReplica"`);
  const [facts] = rows;
  if (facts === undefined) throw new DatabaseSetupError('The database does not answer as PostgreSQL does');
  if (facts.version < 140_000) {
    throw new DatabaseSetupError(
      `PostgreSQL ${facts.versionText} is too old: use version 14 or later, or unset DATABASE_URL for the embedded one`,
    );
  }
  if (facts.isReplica) {
    throw new DatabaseSetupError('DATABASE_URL names a read-only replica: use the address of the primary');
  }
  if (facts.encoding !== 'UTF8') {
    throw new DatabaseSetupError(
      `The database is encoded in ${facts.encoding}: create it with encoding UTF8`,
    );
  }
  // userName, email and username are unique without regard to case; the C locale knows the case of ASCII alone.
  if (!(await foldsCase(client))) {
    throw new DatabaseSetupError(
      "The database's locale does not know the case of letters beyond ASCII: create it with a UTF-8 locale, such as en_US.UTF-8 or C.UTF-8",
    );
  }
}

/** Only to be asked where the encoding has these letters. */
async function foldsCase(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ folds: boolean }>(`select lower('ÄÉŽΩЖ') = 'äéžωж' as "folds"`);
  return rows[0]?.folds === true;
}

interface Rights {
  readonly user: string;
  readonly database: string;
  readonly schema: string | null;
  readonly canCreateInSchema: boolean | null;
  readonly canCreateInDatabase: boolean;
  readonly roleExists: boolean;
  readonly canCreateRole: boolean;
  readonly isMember: boolean | null;
}

/** Checks up front what the migrations and the server will need, so that the refusal names the missing grant. */
export async function refuseWithoutRights(client: pg.Client, hasPending: boolean): Promise<void> {
  const { rows } = await client.query<Rights>(`
    select current_user as "user", current_database() as "database", current_schema() as "schema",
      has_schema_privilege(current_schema(), 'create') as "canCreateInSchema",
      has_database_privilege(current_database(), 'create') as "canCreateInDatabase",
      app.oid is not null as "roleExists",
      me.rolsuper or me.rolcreaterole as "canCreateRole",
      case when app.oid is not null then pg_has_role(current_user, app.oid,
        case when current_setting('server_version_num')::integer >= 160000 then 'SET' else 'MEMBER' end)
      end as "isMember"
    from pg_roles me left join pg_roles app on app.rolname = 'rollcall_app'
    where me.rolname = current_user`);
  const [rights] = rows;
  if (rights === undefined) return;
  const missing = missingGrant(rights, hasPending);
  if (missing !== null) {
    throw new DatabaseSetupError(
      `The database user ${rights.user} lacks a right: run as administrator: ${missing}`,
    );
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function missingGrant(rights: Rights, hasPending: boolean): string | null {
  const user = quoted(rights.user);
  if (rights.roleExists && rights.isMember === false && !rights.canCreateRole) {
    return `GRANT rollcall_app TO ${user}`;
  }
  if (!hasPending) return null;
  if (rights.schema === null || rights.canCreateInSchema === false) {
    return `GRANT CREATE, USAGE ON SCHEMA public TO ${user}`;
  }
  if (!rights.canCreateInDatabase) return `GRANT CREATE ON DATABASE ${quoted(rights.database)} TO ${user}`;
  if (!rights.roleExists && !rights.canCreateRole) {
    return `CREATE ROLE rollcall_app NOLOGIN; GRANT rollcall_app TO ${user}`;
  }
  return null;
}
