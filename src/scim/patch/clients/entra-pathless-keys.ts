import { OperationError } from '../../../operations/operation-error.ts';
import type { ResourceKind } from '../../../operations/resource-query.ts';
import type { Catalogue } from '../../catalogue.ts';
import { type ResourcePath, readPath } from '../../filter/read-path.ts';
import type { ClientObject } from '../../json-body.ts';
import { resolveName } from '../../resolve-name.ts';
import { tooMany } from '../../value-fault.ts';

export interface ObjectPart {
  readonly path: ResourcePath;
  readonly value: unknown;
}

export interface ObjectScope {
  readonly kind: ResourceKind;
  readonly catalogue: Catalogue;
  /** How many keys with a condition the request has brought so far; each is read like a filter. */
  readonly conditions: { count: number };
}

const MAX_KEYS = 1000;
const MAX_CONDITIONS = 500;

/**
 * With the `aadOptscim062020` flag Entra collapses plain attributes into one object whose keys are paths.
 * Before: `{ "name.givenName": "A", "urn:…:User:employeeNumber": "7", "emails[type eq \"work\"].value": "a@x" }`.
 * After: one part per key. Keys that are no attribute are left out: unknown attributes are tolerated in objects.
 * `prefix` is the schema URN with its colon when the object is the content of an extension.
 */
export function expandObject(
  object: ClientObject,
  prefix: string,
  scope: ObjectScope,
): readonly ObjectPart[] {
  const keys = Object.keys(object);
  if (keys.length > MAX_KEYS) throw tooMany(`An object has more than ${MAX_KEYS} members`);
  return keys.flatMap((key) => {
    const path = keyPath(prefix + key, scope);
    return path === null ? [] : [{ path, value: object[key] }];
  });
}

function keyPath(key: string, { kind, catalogue, conditions }: ObjectScope): ResourcePath | null {
  if (!key.includes('[')) {
    const resolved = resolveName(key, kind, catalogue);
    return resolved?.kind === 'attribute' ? { ...resolved, where: null } : resolved;
  }
  conditions.count += 1;
  if (conditions.count > MAX_CONDITIONS)
    throw tooMany(`More than ${MAX_CONDITIONS} conditions in one request`);
  try {
    return readPath(key, kind, catalogue);
  } catch (error) {
    if (error instanceof OperationError) return null;
    throw error;
  }
}
