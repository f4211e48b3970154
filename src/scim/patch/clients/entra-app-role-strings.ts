import type { CatalogueAttribute } from '../../catalogue.ts';
import { type ClientObject, isClientObject, ownValue } from '../../json-body.ts';

/**
 * Entra's AppRoleAssignmentsComplex mapping puts a JSON document into the value of a role.
 * Before: `{ "value": "{\"id\":\"b0d1\",\"value\":\"PsaAdmin\",\"displayName\":\"PSA Admin\"}" }`.
 * After: `{ "value": "PsaAdmin", "display": "PSA Admin" }`, the shape in which Entra creates the same role by POST.
 */
export function readAppRole(role: ClientObject, attribute: CatalogueAttribute): ClientObject {
  if (attribute.name !== 'roles') return role;
  const text = ownValue(role, 'value');
  const document = typeof text === 'string' && text.startsWith('{') ? parse(text) : null;
  if (!isClientObject(document) || typeof ownValue(document, 'value') !== 'string') return role;
  const { value: _document, ...others } = role;
  const display = ownValue(document, 'displayName');
  return {
    ...(typeof display === 'string' ? { display } : {}),
    ...others,
    value: ownValue(document, 'value'),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) return null;
    throw cause;
  }
}
