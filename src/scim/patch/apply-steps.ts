import type { JsonValue } from '../../directory/json.ts';
import type { CatalogueAttribute } from '../catalogue.ts';
import { conditionSize } from '../filter/element-matches.ts';
import { refuseChange, refuseChangedParts } from '../immutable.ts';
import { isBlankElement, isJsonObject, withoutNulls } from '../read-value.ts';
import { tooMany, valueFault } from '../value-fault.ts';
import { changeElements } from './change-elements.ts';
import type { PatchStep } from './patch-step.ts';
import type { ResourceDraft } from './resource-draft.ts';

/** Steps over long lists multiply; beyond this many looks at an element a request is refused instead of served slowly. */
const MAX_ELEMENT_VISITS = 200_000;

type AttributeStep = Exclude<PatchStep, { kind: 'members' }>;

/** Applies the steps in order. Throws OperationError when a target is missing in the resource; the draft is then void. */
export function applySteps(draft: ResourceDraft, steps: readonly PatchStep[]): void {
  const changed = new Set<CatalogueAttribute>();
  let visits = 0;
  for (const step of steps) {
    if (step.kind === 'members') continue;
    const { attribute, where } = step.target;
    const stored = draft.get(attribute);
    if (attribute.multiValued && Array.isArray(stored)) {
      visits += stored.length * (where === null ? 1 : 1 + conditionSize(where));
      if (visits > MAX_ELEMENT_VISITS)
        throw tooMany('The operations go through too many values; send fewer at once');
    }
    const next = attribute.multiValued ? nextList(stored, step) : nextValue(stored, step);
    refuseChange(attribute, stored, next);
    draft.put(attribute, next);
    changed.add(attribute);
  }
  for (const attribute of changed) {
    if (attribute.multiValued) draft.put(attribute, withoutBlanks(draft.get(attribute)));
    requireParts(attribute, draft.get(attribute));
  }
}

/** RFC 7643 §2.2: a complex value that is there holds what it requires. Several operations may build one value. */
function requireParts(attribute: CatalogueAttribute, value: JsonValue | undefined): void {
  const required = attribute.subAttributes.filter((sub) => sub.required);
  if (required.length === 0 || value === undefined) return;
  for (const complex of Array.isArray(value) ? value : [value]) {
    const missing = required.find((sub) => !isJsonObject(complex) || complex[sub.name] === undefined);
    if (missing !== undefined) throw valueFault(`${attribute.name}.${missing.name} is required`);
  }
}

/** Several operations may build one element, its type first; what is still blank at the end is none. */
function withoutBlanks(stored: JsonValue | undefined): JsonValue | undefined {
  const elements = Array.isArray(stored) ? stored.filter((element) => !isBlankElement(element)) : [];
  return elements.length === 0 ? undefined : elements;
}

function nextList(stored: JsonValue | undefined, step: AttributeStep): JsonValue | undefined {
  const next = changeElements(Array.isArray(stored) ? stored : [], step);
  return next.length === 0 ? undefined : next;
}

function nextValue(stored: JsonValue | undefined, step: AttributeStep): JsonValue | undefined {
  const { attribute, sub } = step.target;
  const change = step.kind === 'set' ? step.value : null;
  if (attribute.type !== 'complex') return change ?? undefined;
  const parts = sub === null ? change : { [sub.name]: change };
  if (!isJsonObject(parts)) return undefined;
  // RFC 7644 §3.5.2.3: the sub-attributes given replace the stored ones, the others stay.
  const merged = withoutNulls({ ...(isJsonObject(stored) ? stored : {}), ...parts });
  refuseChangedParts(attribute, stored, merged);
  return Object.keys(merged).length === 0 ? undefined : merged;
}
