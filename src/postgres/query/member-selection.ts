import type { ResourceFilter } from '../../operations/resource-query.ts';
import { filterSql } from './filter-sql.ts';
import { Parameters } from './parameters.ts';
import { groupTable } from './resource-table.ts';
import { referenceScope } from './scope.ts';

interface Selection {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The members of one group that satisfy a condition on a member; reads the group's memberships. */
export function memberSelection(organizationId: string, groupId: string, where: ResourceFilter): Selection {
  const parameters = new Parameters([organizationId, groupId]);
  const { references } = groupTable;
  const condition = filterSql(where, referenceScope(references), parameters);
  const text = `
    select selected.id from directory_groups g
    cross join lateral (select distinct m.directory_user_id as id ${references.from} and ${condition}) selected
    where g.organization_id = $1::uuid and g.directory_group_id = $2::uuid`;
  return { text, values: parameters.values };
}
