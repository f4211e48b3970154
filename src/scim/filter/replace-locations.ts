import type {
  AttributePath,
  ComparisonOperator,
  ResourceFilter,
  ResourceKind,
} from '../../operations/resource-query.ts';

type Comparison = ResourceFilter & { readonly kind: 'compare' };

const everything: ResourceFilter = { kind: 'all', of: [] };
const nothing: ResourceFilter = { kind: 'any', of: [] };

/**
 * Locations are made when a resource is shown: the connection's base, the type's endpoint, the id. So a condition on
 * `meta.location` or a `$ref` is turned into one on the id that it ends with, which is stored and indexed.
 */
export function replaceLocations(
  filter: ResourceFilter,
  kind: ResourceKind,
  scimBaseUrl: string,
): ResourceFilter {
  const replace = (part: ResourceFilter): ResourceFilter => replaceLocations(part, kind, scimBaseUrl);
  switch (filter.kind) {
    case 'all':
    case 'any':
      return { kind: filter.kind, of: filter.of.map(replace) };
    case 'not':
      return { kind: 'not', of: replace(filter.of) };
    case 'element':
      return { ...filter, where: replace(filter.where) };
    case 'present':
      return isLocation(filter.path) ? { ...filter, path: idPath(filter.path) } : filter;
    case 'compare':
      return isLocation(filter.path)
        ? compareLocation(filter, prefixOf(filter.path, kind, scimBaseUrl))
        : filter;
  }
}

const isLocation = (path: AttributePath): boolean =>
  path.subAttribute === '$ref' || (path.attribute === 'meta' && path.subAttribute === 'location');

/** Groups of a user are groups; members and managers are users; `meta.location` is the resource's own. */
function prefixOf({ attribute }: AttributePath, kind: ResourceKind, scimBaseUrl: string): string {
  const isGroup = attribute === 'groups' || (attribute === 'meta' && kind === 'Group');
  return `${scimBaseUrl}/${isGroup ? 'Groups' : 'Users'}/`;
}

function idPath(path: AttributePath): AttributePath {
  const text = { type: 'string', caseExact: true } as const;
  return path.attribute === 'meta'
    ? { ...path, ...text, attribute: 'id', subAttribute: null }
    : { ...path, ...text, subAttribute: 'value' };
}

function compareLocation({ path, operator, value }: Comparison, prefix: string): ResourceFilter {
  const inner = idPath(path);
  const present: ResourceFilter = { kind: 'present', path: inner };
  const withId = (by: ComparisonOperator, text: string | null): ResourceFilter => ({
    kind: 'compare',
    path: inner,
    operator: by,
    value: text,
  });
  if (typeof value !== 'string') return withId(operator, null);
  const rest = value.startsWith(prefix) ? value.slice(prefix.length) : null;
  switch (operator) {
    case 'eq':
      return rest === null ? nothing : withId('eq', rest);
    case 'ne':
      return rest === null ? everything : withId('ne', rest);
    case 'sw':
      if (prefix.startsWith(value)) return present;
      return rest === null ? nothing : withId('sw', rest);
    case 'ew':
      return {
        kind: 'any',
        of: [withId('ew', value), ...across(prefix, value).map((id) => withId('eq', id))],
      };
    case 'co':
      if (prefix.includes(value)) return present;
      return {
        kind: 'any',
        of: [withId('co', value), ...across(prefix, value).map((id) => withId('sw', id))],
      };
    default:
      if (rest !== null) return withId(operator, rest);
      return isAbove(operator) === prefix > value ? present : nothing;
  }
}

const isAbove = (operator: ComparisonOperator): boolean => operator === 'gt' || operator === 'ge';

/** What is left for the beginning of the id where the text begins within the prefix and goes on behind it. */
function across(prefix: string, value: string): readonly string[] {
  const longest = Math.min(prefix.length, value.length - 1);
  const lengths = Array.from({ length: Math.max(longest, 0) }, (_, index) => index + 1);
  return lengths
    .filter((length) => prefix.endsWith(value.slice(0, length)))
    .map((length) => value.slice(length));
}
