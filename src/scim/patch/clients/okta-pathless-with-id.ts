import type { CatalogueAttribute } from '../../catalogue.ts';

/**
 * Okta and authentik send whole resources back, `id`, `meta` and `groups` included; nobody may write those.
 * Before: `{ "id": "…", "displayName": "…" }`. After: `{ "displayName": "…" }`. RFC 7644 §3.5.1: readOnly values are
 * ignored. A path that names one is refused instead. A password is taken and dropped.
 */
export function isIgnoredInObjects(attribute: CatalogueAttribute): boolean {
  return attribute.mutability === 'readOnly' || attribute.mutability === 'writeOnly';
}
