import type { CatalogueAttribute } from '../../catalogue.ts';

/**
 * Entra writes `manager` and roles as the bare value of the complex attribute.
 * Before: `"manager": "<id>"`. After: `"manager": { "value": "<id>" }`.
 */
export function completeBareValue(value: unknown, attribute: CatalogueAttribute): unknown {
  const isBare = typeof value === 'string' || typeof value === 'number';
  return isBare && attribute.subAttribute('value') !== null ? { value } : value;
}
