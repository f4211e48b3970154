import type { Catalogue } from '../../catalogue.ts';

/**
 * Entra sends one operation for each attribute that is mapped, custom extensions that nobody described here among them.
 * Before: `{ "op": "add", "path": "urn:ietf:params:scim:schemas:extension:acme:2.0:User:badge", "value": "7" }`.
 * After: no step, as such an extension is left out of a POST; refusing would hold up all other changes of the user.
 */
export function isUnderUnknownSchema(path: string, catalogue: Catalogue): boolean {
  const name = path.trim();
  return /^urn:[a-z0-9][a-z0-9-]*:./i.test(name) && catalogue.splitUrn(name) === null;
}
