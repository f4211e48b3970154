/**
 * Entra sends booleans as text: `active` from its default mapping, `primary` of roles.
 * Before: `"False"`. After: `false`. Other text stays as it is and is refused by its type ("Maybe" is not true).
 */
export function readStringBoolean(value: unknown): unknown {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : '';
  return text === 'true' || text === 'false' ? text === 'true' : value;
}
