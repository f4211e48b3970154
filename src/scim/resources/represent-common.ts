import type { JsonObject, JsonValue } from '../../directory/json.ts';
import type { AnswerObject, AnswerValue } from '../protocol/answer-value.ts';
import { isUuid } from '../protocol/scim-target.ts';
import { versionTag } from '../protocol/version-tag.ts';

const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:user';

interface Stored {
  readonly id: string;
  readonly version: number;
  readonly createdAt: string;
  readonly lastModifiedAt: string;
}

export function locationOf(scimBaseUrl: string, path: 'Users' | 'Groups', id: string): string {
  return `${scimBaseUrl}/${path}/${id}`;
}

/** RFC 7643 §3.1. The location is built from the connection's own base, never from anything shared. */
export function representMeta(
  resource: Stored,
  resourceType: 'User' | 'Group',
  location: string,
): AnswerObject {
  return {
    resourceType,
    created: resource.createdAt,
    lastModified: resource.lastModifiedAt,
    location,
    version: versionTag(resource.version),
  };
}

/** Attribute names hold no colon, so a key that does is the URN of an extension. */
function isHeldExtension(name: string, value: JsonValue): boolean {
  return name.includes(':') && typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** Core schema first, then the extensions that the resource really holds. */
export function schemasOf(coreUrn: string, attributes: JsonObject): readonly string[] {
  const extensions = Object.entries(attributes).filter(([name, value]) => isHeldExtension(name, value));
  return [coreUrn, ...extensions.map(([name]) => name)];
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Always an object: Entra cannot read a manager that is a plain string. One that cannot be a user, which clients write as
 * part of a whole user, refers to nothing.
 */
function representManager(manager: JsonValue, scimBaseUrl: string): AnswerObject | null {
  const held: JsonObject = isObject(manager) ? manager : { value: manager };
  const id = held.value;
  if (typeof id !== 'string' || id === '') return null;
  return { ...held, value: id, ...(isUuid(id) ? { $ref: locationOf(scimBaseUrl, 'Users', id) } : {}) };
}

function representExtension(urn: string, held: JsonValue, scimBaseUrl: string): AnswerValue {
  if (urn.toLowerCase() !== ENTERPRISE_USER || !isObject(held)) return held;
  const { manager, ...others } = held;
  if (manager === undefined) return held;
  const represented = representManager(manager, scimBaseUrl);
  return represented === null ? others : { ...others, manager: represented };
}

/** Stored attributes as they were sent; an extension that holds nothing is left out. */
export function representAttributes(attributes: JsonObject, scimBaseUrl: string): AnswerObject {
  const shown: Record<string, AnswerValue> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (!name.includes(':')) shown[name] = value;
    else if (isHeldExtension(name, value)) shown[name] = representExtension(name, value, scimBaseUrl);
  }
  return shown;
}
