import type { JsonObject, JsonValue } from '../../directory/json.ts';
import { OperationError } from '../../operations/operation-error.ts';
import type { ResourceFilter } from '../../operations/resource-query.ts';
import { elementMatches } from '../filter/element-matches.ts';
import { refuseChangedParts } from '../immutable.ts';
import { isJsonObject, withoutNulls } from '../read-value.ts';
import { makeValueMatcher, settleElements } from './element-list.ts';
import type { PatchStep, StepTarget } from './patch-step.ts';

type ElementStep = Exclude<PatchStep, { kind: 'members' }>;
type SetStep = Extract<PatchStep, { kind: 'set' }>;

/** The elements of a multi-valued attribute after one step; blank ones may be among them until the last step is done. */
export function changeElements(elements: readonly JsonValue[], step: ElementStep): readonly JsonValue[] {
  const { target } = step;
  switch (step.kind) {
    case 'remove-values': {
      const isListed = makeValueMatcher(step.values);
      return elements.filter((element) => !isListed(element));
    }
    case 'clear':
      return clearElements(elements, target);
    case 'set':
      return target.where === null && target.sub === null
        ? setList(elements, step)
        : setSelected(elements, step);
  }
}

function setList(elements: readonly JsonValue[], { target, mode, value }: SetStep): readonly JsonValue[] {
  const brought = Array.isArray(value) ? value : [value];
  return settleElements(
    target.attribute,
    mode === 'add' ? [...elements, ...brought] : brought,
    new Set(brought),
  );
}

function setSelected(elements: readonly JsonValue[], step: SetStep): readonly JsonValue[] {
  const brought = new Set<JsonValue>();
  const bring = (element: JsonValue) => {
    brought.add(element);
    return element;
  };
  const changed = elements.map((element) =>
    isSelected(element, step.target) ? bring(changedElement(element, step)) : element,
  );
  if (brought.size === 0) changed.push(bring(createdElement(step)));
  return settleElements(step.target.attribute, changed, brought);
}

function changedElement(element: JsonValue, { target, mode, value }: SetStep): JsonValue {
  if (target.sub !== null) return mergedElement(element, { [target.sub.name]: value }, target);
  if (!isJsonObject(value)) return value;
  if (mode === 'add') return withoutNulls(mergedElement(element, value, target));
  // RFC 7644 §3.5.2.3: matching elements are replaced whole; what selected them stays unless the value says otherwise.
  return withoutNulls({ ...(target.where === null ? {} : selectingParts(target.where)), ...value });
}

function mergedElement(element: JsonValue, parts: JsonObject, { attribute }: StepTarget): JsonObject {
  const merged = { ...(isJsonObject(element) ? element : {}), ...parts };
  refuseChangedParts(attribute, element, merged);
  return merged;
}

/**
 * Nothing was selected. Entra expects `emails[type eq "work"].value` and `roles[primary eq "True"].value` to create the
 * element; any other condition has no target (RFC 7644 §3.5.2.3).
 */
function createdElement({ target, value }: SetStep): JsonValue {
  const parts = target.where === null ? {} : selectingParts(target.where);
  if (parts === null) {
    throw new OperationError('invalid', `No element of ${target.attribute.name} matches the path`, {
      reason: 'no-target',
    });
  }
  if (target.sub !== null) return { ...parts, [target.sub.name]: value };
  return isJsonObject(value) ? withoutNulls({ ...parts, ...value }) : value;
}

/** The parts that a condition fixes when it is `type eq` or `primary eq true` or both; null for any other one. */
function selectingParts(where: ResourceFilter): JsonObject | null {
  const parts = new Map<string, JsonValue>();
  for (const condition of where.kind === 'all' ? where.of : [where]) {
    if (condition.kind !== 'compare' || condition.operator !== 'eq' || condition.value === null) return null;
    const name = condition.path.subAttribute;
    const fixes = name === 'type' || (name === 'primary' && condition.value === true);
    if (!fixes || parts.has(name)) return null;
    parts.set(name, condition.value);
  }
  return Object.fromEntries(parts);
}

function clearElements(elements: readonly JsonValue[], target: StepTarget): readonly JsonValue[] {
  const { sub } = target;
  if (sub === null)
    return target.where === null ? [] : elements.filter((element) => !isSelected(element, target));
  return elements.map((element) => {
    if (!isJsonObject(element) || !isSelected(element, target)) return element;
    const { [sub.name]: cleared, ...rest } = element;
    refuseChangedParts(target.attribute, element, rest);
    return cleared === undefined ? element : rest;
  });
}

function isSelected(element: JsonValue, { where }: StepTarget): boolean {
  return where === null || elementMatches(element, where);
}
