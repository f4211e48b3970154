import type { ContactStore, ContactView, FormerIdentity } from '../../operations/people/people-ports.ts';
import type { Contact } from '../../provisioning/person.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { Conditions, containing, readPage } from './page-query.ts';

interface ContactRow extends Omit<Contact, 'login'> {
  readonly hasLogin: boolean;
  readonly username: string | null;
  readonly email: string | null;
  readonly loginEnabled: boolean | null;
  readonly sessionsEndedAt: string | null;
  readonly connectionId: string | null;
  readonly formerIdentity: FormerIdentity | null;
}

const select = `
  select c.contact_id as "id", c.account_id as "accountId", c.account_location_id as "accountLocationId",
    c.first_name as "firstName", c.last_name as "lastName", c.job_title as "jobTitle", c.phones,
    c.has_portal_access as "hasPortalAccess", c.security_role_id as "securityRoleId", c.status,
    c.inactivated_by as "inactivatedBy", c.directory_user_id as "directoryUserId",
    c.winning_rule_id as "winningRuleId", c.governed, c.created_at as "createdAt", c.updated_at as "updatedAt",
    case when c.directory_user_id is null and f.person_id is not null
      then jsonb_build_object('tenantId', f.tenant_id, 'objectId', f.object_id) end as "formerIdentity",
    l.person_id is not null as "hasLogin", l.username, l.email, l.enabled as "loginEnabled",
    l.sessions_ended_at as "sessionsEndedAt", d.connection_id as "connectionId",
    coalesce((
      select jsonb_agg(jsonb_build_object('address', m.address, 'type', m.type, 'isDefault', m.is_default)
        order by m.position)
      from contact_emails m
      where m.organization_id = c.organization_id and m.contact_id = c.contact_id), '[]'::jsonb) as "emails"
  from contacts c
  left join logins l on l.organization_id = c.organization_id and l.person_id = c.contact_id
  left join former_identities f on f.organization_id = c.organization_id and f.person_id = c.contact_id
  left join directory_users d on d.organization_id = c.organization_id and d.directory_user_id = c.directory_user_id`;

function readView(row: ContactRow): ContactView {
  const { hasLogin, username, email, loginEnabled, sessionsEndedAt, ...known } = row;
  const { connectionId, formerIdentity, ...contact } = known;
  const login = hasLogin ? { username, email, enabled: loginEnabled ?? false, sessionsEndedAt } : null;
  return { contact: { ...contact, login }, connectionId, formerIdentity };
}

// Both look the addresses up on their own, once: per contact the search took ten times as long over 50,000 contacts.
const byEmail = (organization: string, value: string): string => `c.contact_id in (
  select m.contact_id from contact_emails m
  where m.organization_id = ${organization} and m.address_key = lower(${value}))`;

const byText = (
  organization: string,
  value: string,
): string => `(c.first_name || ' ' || c.last_name ilike ${value}
  or l.username ilike ${value}
  or c.contact_id in (
    select m.contact_id from contact_emails m where m.organization_id = ${organization} and m.address ilike ${value}))`;

export function makeContactStore(connection: SqlConnection): ContactStore {
  const { organizationId } = connection.context;

  const one = async (condition: string, value: string): Promise<ContactView | null> => {
    const [row] = await connection.rows<ContactRow>({
      text: `${select} where c.organization_id = $1 and ${condition}`,
      values: [organizationId, value],
    });
    return row === undefined ? null : readView(row);
  };
  const get = (id: string): Promise<ContactView | null> => one('c.contact_id = $2', id);

  return {
    get,
    list: (filter, page) => {
      const conditions = new Conditions();
      const organization = conditions.bind(organizationId);
      conditions.add(`c.organization_id = ${organization}`);
      conditions.addGiven(filter.email, (value) => byEmail(organization, value));
      conditions.addGiven(filter.status, (value) => `c.status = ${value}`);
      conditions.addGiven(filter.connectionId, (value) => `d.connection_id = ${value}::uuid`);
      if (filter.isOrphan) conditions.add('c.directory_user_id is null and f.person_id is not null');
      conditions.addGiven(filter.q === null ? null : containing(filter.q), (value) =>
        byText(organization, value),
      );
      const idOf = (view: ContactView): string => view.contact.id;
      return readPage(connection, { select, conditions, key: 'c.contact_id', page, read: readView, idOf });
    },
    lock: async (id) => {
      // Two statements: the second one sees what the transaction that held the lock has left.
      await connection.rows({
        text: 'select c.contact_id from contacts c where c.organization_id = $1 and c.contact_id = $2 for update',
        values: [organizationId, id],
      });
      return get(id);
    },
    delete: async (id) => {
      await connection.execute({
        text: 'delete from contacts where organization_id = $1 and contact_id = $2',
        values: [organizationId, id],
      });
    },
  };
}
