import { type ClientObject, ownValue } from '../../json-body.ts';

/**
 * References (`manager`, `members`) come with a null `$ref`, with a `$ref` that is a bare id, or with `$ref` alone.
 * Before: `{ "$ref": "https://…/Users/<id>" }`. After: the id `<id>`. Undefined when the object names nobody.
 */
export function referencedId(reference: ClientObject): unknown {
  const value = ownValue(reference, 'value');
  if (value !== undefined && value !== null) return value;
  const ref = ownValue(reference, '$ref');
  return typeof ref === 'string' ? idOfReference(ref) : value;
}

/** The last segment of a reference; a bare id is its own last segment. */
export function idOfReference(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}
