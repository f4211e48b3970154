import type { AttributePath, ResourceKind } from '../../operations/resource-query.ts';
import type { Catalogue } from '../catalogue.ts';
import { resolveName } from '../resolve-name.ts';
import { comparisonPath, isSearchable } from './attribute-path.ts';

/**
 * The attribute that `sortBy` names. Null where nothing has that name or it has no order (complex without a `value`,
 * memberships), so that the sort is ignored, RFC 7644 §3.4.2.3.
 */
export function readSortPath(text: string, kind: ResourceKind, catalogue: Catalogue): AttributePath | null {
  const resolved = resolveName(text.trim(), kind, catalogue);
  if (resolved === null || resolved.kind === 'schema') return null;
  const { attribute, sub } = resolved;
  if (!isSearchable(attribute) || attribute.name === 'groups' || attribute.name === 'members') return null;
  // Locations of one type differ by the id alone.
  if (sub?.name === 'location' && attribute.name === 'meta') return readSortPath('id', kind, catalogue);
  if (sub?.name === '$ref') return comparisonPath(attribute, null);
  const path = comparisonPath(attribute, sub);
  return path.type === 'complex' ? null : path;
}
