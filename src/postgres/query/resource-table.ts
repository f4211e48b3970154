import { nativeColumn, type Scalar, textColumn } from './scalar.ts';

export interface ResourceTable {
  readonly name: string;
  readonly alias: string;
  readonly idColumn: string;
  /** With the alias. */
  readonly id: string;
  /** Attributes that have columns, by `attribute` or `attribute.subAttribute`. */
  readonly columns: ReadonlyMap<string, Scalar>;
  /** Attributes of extensions that are found in another row, by URN, attribute and sub-attribute with colons between. */
  readonly derived: ReadonlyMap<string, Scalar>;
  /** The multi-valued attribute that is kept as memberships. */
  readonly references: References;
  readonly hasEmailIndex: boolean;
  /** Attributes with an index that answers an equality, as a query of ids; `bind` answers the value's placeholder. */
  readonly matches: ReadonlyMap<string, (bind: () => string) => string>;
  /** Attributes whose text in lower case has an index that is in order, with that column. */
  readonly prefixes: ReadonlyMap<string, string>;
}

export interface References {
  readonly attribute: string;
  /** `from … where …` of all references of the resource. */
  readonly from: string;
  readonly columns: ReadonlyMap<string, Scalar>;
  /** Query of the resources that refer to one id. */
  readonly holdersOf: (id: string) => string;
  /** Whether there can be very many of them, so that they are looked up among the resources and not one by one. */
  readonly holders: 'few' | 'many';
}

const metaColumns = (alias: string, resourceType: string): readonly (readonly [string, Scalar])[] => [
  ['externalId', textColumn(`${alias}.external_id`)],
  ['meta.resourceType', { ...textColumn(`'${resourceType}'::text`), isRequired: true }],
  ['meta.created', nativeColumn('timestamptz', `${alias}.created_at`)],
  ['meta.lastModified', nativeColumn('timestamptz', `${alias}.last_modified_at`)],
  ['meta.version', { ...textColumn(`('W/"' || ${alias}.version || '"')`), isRequired: true }],
  ['meta', { ...textColumn(`'${resourceType}'::text`), isRequired: true }],
];

const matchBy =
  (table: string, id: string, condition: (value: string) => string) =>
  (bind: () => string): string =>
    `select x.${id} as id from ${table} x
      where x.organization_id = $1::uuid and x.deleted_at is null and ${condition(bind())}`;

const byExternalId = (value: string): string => `x.external_id = ${value}`;

const enterpriseUser = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const managerId = `(u.attributes -> '${enterpriseUser}' -> 'manager' ->> 'value')`;

/** As the manager's own `displayName` is now. A stored id is text, and may have come from before ids were checked. */
const managerName = `(
  select x.attributes ->> 'displayName' from directory_users x
  where x.organization_id = u.organization_id and x.connection_id = u.connection_id and x.deleted_at is null
    and x.directory_user_id = (case when ${managerId} ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
      then ${managerId}::uuid end))`;

export const userTable: ResourceTable = {
  name: 'directory_users',
  alias: 'u',
  idColumn: 'directory_user_id',
  id: 'u.directory_user_id',
  columns: new Map([
    ...metaColumns('u', 'User'),
    ['id', nativeColumn('uuid', 'u.directory_user_id')],
    ['userName', { ...textColumn('u.user_name', 'u.user_name_key'), isRequired: true }],
    ['active', nativeColumn('boolean', 'u.active')],
  ]),
  derived: new Map([[`${enterpriseUser}:manager:displayName`, textColumn(managerName)]]),
  references: {
    attribute: 'groups',
    from: `from memberships m
      join directory_groups r on r.organization_id = m.organization_id
        and r.directory_group_id = m.directory_group_id
      where m.organization_id = u.organization_id and m.directory_user_id = u.directory_user_id`,
    columns: new Map([
      ['value', nativeColumn('uuid', 'm.directory_group_id')],
      ['display', { ...textColumn('r.display_name', 'r.display_name_key'), isRequired: true }],
      ['type', { ...textColumn(`'direct'::text`), isRequired: true }],
    ]),
    holdersOf: (id) => `select m.directory_user_id as id from memberships m
      where m.organization_id = $1::uuid and m.directory_group_id = ${id}`,
    holders: 'many',
  },
  hasEmailIndex: true,
  prefixes: new Map([['userName', 'user_name_key']]),
  matches: new Map([
    [
      'userName',
      matchBy('directory_users', 'directory_user_id', (value) => `x.user_name_key = lower(${value})`),
    ],
    ['externalId', matchBy('directory_users', 'directory_user_id', byExternalId)],
  ]),
};

export const groupTable: ResourceTable = {
  name: 'directory_groups',
  alias: 'g',
  idColumn: 'directory_group_id',
  id: 'g.directory_group_id',
  columns: new Map([
    ...metaColumns('g', 'Group'),
    ['id', nativeColumn('uuid', 'g.directory_group_id')],
    ['displayName', { ...textColumn('g.display_name', 'g.display_name_key'), isRequired: true }],
  ]),
  derived: new Map(),
  references: {
    attribute: 'members',
    from: `from memberships m
      join directory_users r on r.organization_id = m.organization_id and r.directory_user_id = m.directory_user_id
      where m.organization_id = g.organization_id and m.directory_group_id = g.directory_group_id`,
    columns: new Map([
      ['value', nativeColumn('uuid', 'm.directory_user_id')],
      ['display', textColumn(`coalesce(r.attributes ->> 'displayName', r.user_name)`)],
      ['type', { ...textColumn(`'User'::text`), isRequired: true }],
    ]),
    holdersOf: (id) => `select m.directory_group_id as id from memberships m
      where m.organization_id = $1::uuid and m.directory_user_id = ${id}`,
    holders: 'few',
  },
  hasEmailIndex: false,
  prefixes: new Map([['displayName', 'display_name_key']]),
  matches: new Map([
    [
      'displayName',
      matchBy('directory_groups', 'directory_group_id', (value) => `x.display_name_key = lower(${value})`),
    ],
    ['externalId', matchBy('directory_groups', 'directory_group_id', byExternalId)],
  ]),
};
