import type { ComparisonOperator, ResourceFilter, ResourceKind } from '../../operations/resource-query.ts';
import type { Catalogue, CatalogueAttribute, CatalogueSchema } from '../catalogue.ts';
import { comparisonPath } from './attribute-path.ts';

const core = /^(?:urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):)?schemas$/i;

export function isSchemasName(name: string): boolean {
  return core.test(name);
}

/** RFC 7643 §2.1: URNs compare without case. */
const matchers: Readonly<Record<ComparisonOperator, (urn: string, wanted: string) => boolean>> = {
  eq: (urn, wanted) => urn === wanted,
  ne: (urn, wanted) => urn !== wanted,
  co: (urn, wanted) => urn.includes(wanted),
  sw: (urn, wanted) => urn.startsWith(wanted),
  ew: (urn, wanted) => urn.endsWith(wanted),
  gt: (urn, wanted) => urn > wanted,
  ge: (urn, wanted) => urn >= wanted,
  lt: (urn, wanted) => urn < wanted,
  le: (urn, wanted) => urn <= wanted,
};

/**
 * `schemas` is not stored: every resource has its core schema, and an extension where it holds any of its attributes.
 * So a condition on the list is one on those attributes (RFC 7644 §3.4.2.2 searches it by `eq`).
 */
export function compareSchemas(
  kind: ResourceKind,
  catalogue: Catalogue,
  { operator, urn }: { readonly operator: ComparisonOperator; readonly urn: string },
): ResourceFilter {
  const wanted = urn.toLowerCase();
  const isWanted = ({ id }: CatalogueSchema) => matchers[operator](id.toLowerCase(), wanted);
  if (isWanted(catalogue.core(kind))) return everyone(catalogue);
  const attributes = catalogue
    .extensions(kind)
    .filter(isWanted)
    .flatMap((schema) => schema.attributes);
  return attributes.length === 0
    ? { kind: 'not', of: everyone(catalogue) }
    : { kind: 'any', of: attributes.map(present) };
}

export function everyone({ commonAttributes }: Catalogue): ResourceFilter {
  const id = commonAttributes.find(({ name }) => name === 'id');
  if (id === undefined) throw new RangeError('The catalogue has no id');
  return present(id);
}

function present(attribute: CatalogueAttribute): ResourceFilter {
  return { kind: 'present', path: comparisonPath(attribute, null) };
}
