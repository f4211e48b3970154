import { OperationError } from '../operations/operation-error.ts';

/** A JSON object as it came from a client: only its own keys mean anything. */
export type ClientObject = Readonly<Record<string, unknown>>;

export function isClientObject(value: unknown): value is ClientObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The own value under `name` in any case, the exact spelling first; undefined when there is none. */
export function ownValue(object: ClientObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const wanted = name.toLowerCase();
  const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === wanted);
  return key === undefined ? undefined : object[key];
}

/** The `schemas` of a message in lower case; missing, empty or not a list of strings is refused (RFC 7643 §3). */
export function readSchemaUrns(body: ClientObject): readonly string[] {
  const listed = ownValue(body, 'schemas');
  const urns: readonly unknown[] = Array.isArray(listed) ? listed : [listed];
  const texts = urns.filter((urn) => typeof urn === 'string');
  if (texts.length === 0 || texts.length !== urns.length) {
    throw new OperationError('invalid', 'schemas must list at least one schema URN', { reason: 'syntax' });
  }
  return texts.map((urn) => urn.toLowerCase());
}
