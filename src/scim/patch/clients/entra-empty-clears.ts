/**
 * Microsoft's validation harness clears an attribute with an empty string as well as with null, and Okta sends `""` for
 * what is not set. Before: `"title": ""`. After: no title. RFC 7643 §2.5 says the same of null and of an empty array.
 */
export function isCleared(value: unknown): value is null | '' | readonly never[] {
  return value === null || value === '' || (Array.isArray(value) && value.every((part) => part === null));
}
