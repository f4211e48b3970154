import type { AttributePath, ResourceFilter } from '../../operations/resource-query.ts';
import { isOwnId } from '../uuid.ts';
import { emailMatchSql, readEmailMatch } from './email-index.ts';
import type { Parameters } from './parameters.ts';
import { attributeJson, jsonPart, nativeColumn, type Scalar, textColumn } from './scalar.ts';

/** Elements of a multi-valued attribute: `exists(where)` holds when one element satisfies the condition. */
export interface Elements {
  readonly scope: Scope;
  readonly exists: (condition: string | null) => string;
}

/** What attribute paths mean in SQL: on a resource, or on one element of a multi-valued attribute. */
export interface Scope {
  /** Null where the path is multi-valued here. */
  readonly scalar: (path: AttributePath) => Scalar | null;
  readonly elements: (path: AttributePath) => Elements;
  /** A condition that an index answers by itself, where the filter has such a form. */
  readonly indexed: (filter: ResourceFilter) => string | null;
}

/** Aliases of elements must differ where conditions nest. */
class Aliases {
  #count = 0;
  next(): string {
    this.#count += 1;
    return `e${this.#count}`;
  }
}

export interface ResourceTable {
  readonly name: string;
  readonly alias: string;
  readonly id: string;
  /** Attributes that have columns, by `attribute` or `attribute.subAttribute`. */
  readonly columns: ReadonlyMap<string, Scalar>;
  /** The multi-valued attribute that is kept as memberships. */
  readonly references: References;
  readonly hasEmailIndex: boolean;
}

interface References {
  readonly attribute: string;
  /** `from … where …` of all references of the resource. */
  readonly from: string;
  readonly columns: ReadonlyMap<string, Scalar>;
  /** Resources that refer to one id, given its placeholder; missing where there can be very many of them. */
  readonly holdersOf?: (id: string) => string;
}

const metaColumns = (alias: string, resourceType: string): readonly (readonly [string, Scalar])[] => [
  ['externalId', textColumn(`${alias}.external_id`)],
  ['meta.resourceType', { ...textColumn(`'${resourceType}'::text`), isRequired: true }],
  ['meta.created', nativeColumn('timestamptz', `${alias}.created_at`)],
  ['meta.lastModified', nativeColumn('timestamptz', `${alias}.last_modified_at`)],
  ['meta.version', { ...textColumn(`('W/"' || ${alias}.version || '"')`), isRequired: true }],
  ['meta', { ...textColumn(`'${resourceType}'::text`), isRequired: true }],
];

export const userTable: ResourceTable = {
  name: 'directory_users',
  alias: 'u',
  id: 'u.directory_user_id',
  columns: new Map([
    ...metaColumns('u', 'User'),
    ['id', nativeColumn('uuid', 'u.directory_user_id')],
    ['userName', { ...textColumn('u.user_name', 'u.user_name_key'), isRequired: true }],
    ['active', nativeColumn('boolean', 'u.active')],
  ]),
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
  },
  hasEmailIndex: true,
};

export const groupTable: ResourceTable = {
  name: 'directory_groups',
  alias: 'g',
  id: 'g.directory_group_id',
  columns: new Map([
    ...metaColumns('g', 'Group'),
    ['id', nativeColumn('uuid', 'g.directory_group_id')],
    ['displayName', { ...textColumn('g.display_name', 'g.display_name_key'), isRequired: true }],
  ]),
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
    holdersOf: (id) => `g.directory_group_id = any(array(select m.directory_group_id from memberships m
      where m.organization_id = $1::uuid and m.directory_user_id = ${id}))`,
  },
  hasEmailIndex: false,
};

const absent: Scalar = textColumn('null::text');

export function resourceScope(table: ResourceTable, parameters: Parameters): Scope {
  const aliases = new Aliases();
  const stored = `${table.alias}.attributes`;
  return {
    indexed: (filter) => {
      const email = table.hasEmailIndex ? readEmailMatch(filter) : null;
      return email === null ? referenceMatch(filter, table, parameters) : emailMatchSql(email, parameters);
    },
    scalar: (path) => {
      if (path.multiValued) return null;
      const name = path.subAttribute === null ? path.attribute : `${path.attribute}.${path.subAttribute}`;
      const column = path.extension === null ? table.columns.get(name) : undefined;
      if (column !== undefined) return column;
      const json = attributeJson(stored, path, parameters);
      return path.subAttribute === null
        ? { json, text: `(${json} #>> '{}')` }
        : jsonPart(json, path.subAttribute, parameters);
    },
    elements: (path) =>
      path.extension === null && path.attribute === table.references.attribute
        ? referenceElements(table.references)
        : storedElements(attributeJson(stored, path, parameters), aliases.next(), parameters),
  };
}

/** `members.value eq` or `members[value eq]`: the groups of one user are few, however large each of them is. */
function referenceMatch(filter: ResourceFilter, table: ResourceTable, parameters: Parameters): string | null {
  const { attribute, holdersOf } = table.references;
  const condition = filter.kind === 'element' ? filter.where : filter;
  if (holdersOf === undefined || condition.kind !== 'compare' || condition.operator !== 'eq') return null;
  const { path, value } = condition;
  if (path.extension !== null || path.attribute !== attribute || path.subAttribute !== 'value') return null;
  if (typeof value !== 'string' || !isOwnId(value)) return null;
  return holdersOf(parameters.bind(value, 'uuid'));
}

function referenceElements({ from, columns }: References): Elements {
  const scope: Scope = {
    indexed: () => null,
    scalar: (path) => columns.get(path.subAttribute ?? 'value') ?? absent,
    elements: () => ({ scope, exists: () => 'false' }),
  };
  return {
    scope,
    exists: (condition) => `exists (select ${from}${condition === null ? '' : ` and (${condition})`})`,
  };
}

/** Elements of a JSON array; anything else has none. */
export const elementsOf = (json: string): string =>
  `jsonb_array_elements(case when jsonb_typeof(${json}) = 'array' then ${json} else '[]'::jsonb end)`;

function storedElements(json: string, alias: string, parameters: Parameters): Elements {
  const scope: Scope = {
    indexed: () => null,
    // Within an element every path names a part of it.
    scalar: (path) => jsonPart(`${alias}.element`, path.subAttribute, parameters),
    elements: () => ({ scope, exists: () => 'false' }),
  };
  return {
    scope,
    exists: (condition) =>
      `exists (select from ${elementsOf(json)} as ${alias}(element)${condition === null ? '' : ` where ${condition}`})`,
  };
}
