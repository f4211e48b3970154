import { isClientObject } from '../../json-body.ts';

/**
 * Older Entra jobs wrap a single value in a one-element array of `{ value }`, with a null `$ref` beside it or without;
 * Okta has been seen to send `[false]`. Before: `"active": [{ "$ref": null, "value": "False" }]`. After: `"False"`.
 * Longer arrays stay and are refused by their type.
 */
export function unwrapScalar(value: unknown): unknown {
  const single = unwrapArray(value);
  if (!isClientObject(single)) return single;
  const [key, ...others] = Object.keys(single).filter((name) => name !== '$ref' || single[name] !== null);
  return key?.toLowerCase() === 'value' && others.length === 0 ? single[key] : single;
}

/** The same for complex attributes: `"manager": [{ "value": "…" }]` is one manager. */
export function unwrapArray(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}
