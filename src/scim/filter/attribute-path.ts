import type { AttributePath } from '../../operations/resource-query.ts';
import type { CatalogueAttribute } from '../catalogue.ts';

/** The path that a comparison uses: a complex attribute alone means its `value` where it has one. */
export function comparisonPath(attribute: CatalogueAttribute, sub: CatalogueAttribute | null): AttributePath {
  const inner = sub ?? attribute.subAttribute('value');
  const compared = inner ?? attribute;
  return {
    extension: attribute.extension,
    attribute: attribute.name,
    subAttribute: inner?.name ?? null,
    multiValued: attribute.multiValued,
    type: compared.type,
    caseExact: compared.caseExact,
  };
}

/** The path of a multi-valued attribute as a whole, for value paths. */
export function elementPath(attribute: CatalogueAttribute): AttributePath {
  return {
    extension: attribute.extension,
    attribute: attribute.name,
    subAttribute: null,
    multiValued: true,
    type: attribute.type,
    caseExact: attribute.caseExact,
  };
}

/** Whether queries may name it. What is never returned would be guessed by filters (RFC 7644 §7.5.2). */
export const isSearchable = (attribute: CatalogueAttribute): boolean => attribute.returned !== 'never';
