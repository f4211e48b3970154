import type {
  Connection,
  ConnectionStore,
  LinkedPerson,
} from '../../operations/connections/connection-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { linkAgainText } from './link-again.ts';
import { Conditions, readPage } from './page-query.ts';

const select = `
  select c.connection_id as "id", c.name, c.kind, c.tenant, c.tenant_id as "tenantId", c.cloud,
    c.application_id as "applicationId", c.application_key_encrypted as "applicationKeyEncrypted",
    c.application_key_set_at as "applicationKeySetAt",
    c.email_source as "emailSource", c.status, c.status_detail as "statusDetail",
    c.graph_flow as "graphFlow", c.signed_in_as as "signedInAs", c.granted_scopes as "grantedScopes",
    c.verified_domains as "verifiedDomains", c.allowed_external_domains as "allowedExternalDomains",
    c.delete_policy as "deletePolicy", c.custom_extensions as "customExtensions",
    c.last_sync_at as "lastSyncAt", c.last_graph_success_at as "lastGraphSuccessAt", c.created_at as "createdAt",
    c.revision
  from connections c`;

/** Directory users of the connection that a person row `p` is linked to. */
const linked = `
  exists (select from directory_users u
    where u.organization_id = p.organization_id and u.directory_user_id = p.directory_user_id
      and u.connection_id = $2)`;

/**
 * Once the link is gone the record is a local one: no rule governs it until it is matched again. Whose it was is kept, for
 * when the same tenant is connected again.
 */
const unlinkText = `
  with employees_unlinked as (
    update employees p set directory_user_id = null, winning_rule_id = null, governed = false
    from directory_users u
    where p.organization_id = $1 and u.organization_id = $1 and u.connection_id = $2
      and p.directory_user_id = u.directory_user_id
    returning u.directory_user_id, u.object_id, p.employee_id, null::uuid as contact_id
  ), contacts_unlinked as (
    update contacts p set directory_user_id = null, winning_rule_id = null, governed = false
    from directory_users u
    where p.organization_id = $1 and u.organization_id = $1 and u.connection_id = $2
      and p.directory_user_id = u.directory_user_id
    returning u.directory_user_id, u.object_id, null::uuid as employee_id, p.contact_id
  ), logins_unlinked as (
    update logins p set directory_user_id = null
    from directory_users u
    where p.organization_id = $1 and u.organization_id = $1 and u.connection_id = $2
      and p.directory_user_id = u.directory_user_id
  ), unlinked as (
    select * from employees_unlinked union all select * from contacts_unlinked
  ), kept as (
    insert into former_identities as f (organization_id, person_id, employee_id, contact_id, tenant_id, object_id)
    select $1, coalesce(x.employee_id, x.contact_id), x.employee_id, x.contact_id, c.tenant_id, x.object_id
    from unlinked x
    join connections c on c.organization_id = $1 and c.connection_id = $2
    on conflict on constraint former_identities__identity do update
      set tenant_id = excluded.tenant_id, object_id = excluded.object_id
  )
  select directory_user_id as "directoryUserId", employee_id as "employeeId", contact_id as "contactId"
  from unlinked`;

const configurationOf = (connection: Connection): readonly unknown[] => [
  connection.name,
  connection.tenant,
  connection.tenantId,
  connection.cloud,
  connection.applicationId,
  connection.applicationKeyEncrypted,
  connection.applicationKeySetAt,
  connection.emailSource,
  connection.allowedExternalDomains,
  connection.deletePolicy,
  JSON.stringify(connection.customExtensions),
];

export function makeConnectionStore(connection: SqlConnection): ConnectionStore {
  const { organizationId } = connection.context;

  const one = async (id: string, lock: boolean): Promise<Connection | null> => {
    const [row] = await connection.rows<Connection>({
      text: `${select} where c.organization_id = $1 and c.connection_id = $2 ${lock ? 'for update' : ''}`,
      values: [organizationId, id],
    });
    return row ?? null;
  };

  return {
    list: (page) => {
      const conditions = new Conditions();
      conditions.add(`c.organization_id = ${conditions.bind(organizationId)}`);
      const read = (row: Connection): Connection => row;
      return readPage(connection, {
        select,
        conditions,
        key: 'c.connection_id',
        page,
        read,
        idOf: (c) => c.id,
      });
    },
    get: (id) => one(id, false),
    lock: (id) => one(id, true),
    insert: async (created) => {
      await connection.execute({
        text: `
          insert into connections (organization_id, connection_id, kind, status, created_at, name, tenant, tenant_id,
            cloud, application_id, application_key_encrypted, application_key_set_at, email_source,
            allowed_external_domains, delete_policy, custom_extensions, status_detail)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::jsonb, $17)`,
        values: [
          organizationId,
          created.id,
          created.kind,
          created.status,
          created.createdAt,
          ...configurationOf(created),
          created.statusDetail,
        ],
      });
    },
    save: async (changed, at) => {
      await connection.execute({
        text: `
          update connections set updated_at = $3, name = $4, tenant = $5, tenant_id = $6, cloud = $7,
            application_id = $8, application_key_encrypted = $9, application_key_set_at = $10, email_source = $11,
            allowed_external_domains = $12, delete_policy = $13, custom_extensions = $14::jsonb,
            revision = revision + 1
          where organization_id = $1 and connection_id = $2`,
        values: [organizationId, changed.id, at, ...configurationOf(changed)],
      });
    },
    saveGraphState: async (changed) => {
      await connection.execute({
        text: `
          update connections set tenant_id = $3, status = $4, status_detail = $5, graph_flow = $6, signed_in_as = $7,
            granted_scopes = $8, verified_domains = $9, last_graph_success_at = $10
          where organization_id = $1 and connection_id = $2`,
        values: [
          organizationId,
          changed.id,
          changed.tenantId,
          changed.status,
          changed.statusDetail,
          changed.graphFlow,
          changed.signedInAs,
          changed.grantedScopes,
          changed.verifiedDomains,
          changed.lastGraphSuccessAt,
        ],
      });
    },
    noteReplan: async (id, at) => {
      await connection.execute({
        text: `
          update connections set last_sync_at = $3
          where organization_id = $1 and connection_id = $2 and kind = 'scim'`,
        values: [organizationId, id, at],
      });
    },
    linkedPeople: async (id) => {
      const [row] = await connection.rows<{ employees: number; contacts: number }>({
        text: `
          select (select count(*) from employees p where p.organization_id = $1 and ${linked}) as "employees",
            (select count(*) from contacts p where p.organization_id = $1 and ${linked}) as "contacts"`,
        values: [organizationId, id],
      });
      return row ?? { employees: 0, contacts: 0 };
    },
    unlinkPeople: (id) => connection.rows<LinkedPerson>({ text: unlinkText, values: [organizationId, id] }),
    linkAgain: (id, objectIds) =>
      connection.rows<LinkedPerson>({ text: linkAgainText, values: [organizationId, id, objectIds] }),
    delete: async (id) => {
      await connection.execute({
        text: 'delete from connections where organization_id = $1 and connection_id = $2',
        values: [organizationId, id],
      });
    },
  };
}
