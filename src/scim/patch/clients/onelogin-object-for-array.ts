/**
 * OneLogin templates give a multi-valued attribute as a single object.
 * Before: `"emails": { "value": "…" }`. After: `"emails": [{ "value": "…" }]`.
 */
export function wrapInArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
