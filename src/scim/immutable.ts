import type { JsonObject, JsonValue } from '../directory/json.ts';
import { sameJson } from '../directory/same-json.ts';
import type { ResourceKind } from '../operations/resource-query.ts';
import type { Catalogue, CatalogueAttribute } from './catalogue.ts';
import type { ResourceDraft } from './patch/resource-draft.ts';
import { isJsonObject } from './read-value.ts';
import { mutabilityFault } from './value-fault.ts';

type Stored = JsonValue | undefined;

/** RFC 7643 §7: an immutable attribute takes a value once; the same value again is no change. */
export function refuseChange(attribute: CatalogueAttribute, stored: Stored, next: Stored): void {
  if (attribute.mutability !== 'immutable' || stored === undefined) return;
  if (next === undefined || !sameJson(stored, next))
    throw mutabilityFault(`${attribute.name} cannot change once it has a value`);
}

/** The same for the parts of one complex value. The value as a whole may go, as members do (RFC 7643 §4.2). */
export function refuseChangedParts(attribute: CatalogueAttribute, stored: Stored, next: Stored): void {
  if (!isJsonObject(stored) || !isJsonObject(next)) return;
  for (const sub of attribute.subAttributes) refuseChange(sub, stored[sub.name], next[sub.name]);
}

/**
 * RFC 7644 §3.5.1: an immutable value that a PUT brings must match the stored one; left out, it stays. Only extensions
 * have such attributes, and `members` are no part of a draft.
 */
export function keepImmutable(
  draft: ResourceDraft,
  current: ResourceDraft,
  kind: ResourceKind,
  catalogue: Catalogue,
): void {
  for (const attribute of catalogue.extensions(kind).flatMap(({ attributes }) => attributes)) {
    const [kept, wanted] = [current.get(attribute), draft.get(attribute)];
    if (kept === undefined) continue;
    if (attribute.mutability === 'immutable') {
      if (wanted !== undefined) refuseChange(attribute, kept, wanted);
      draft.put(attribute, kept);
    } else if (isJsonObject(kept) && isJsonObject(wanted)) {
      const whole = { ...immutableParts(attribute, kept), ...wanted };
      refuseChangedParts(attribute, kept, whole);
      draft.put(attribute, whole);
    }
  }
}

function immutableParts(attribute: CatalogueAttribute, value: JsonObject): JsonObject {
  const isImmutable = (name: string) => attribute.subAttribute(name)?.mutability === 'immutable';
  return Object.fromEntries(Object.entries(value).filter(([name]) => isImmutable(name)));
}
