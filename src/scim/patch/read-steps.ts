import { OperationError } from '../../operations/operation-error.ts';
import type { ResourceKind } from '../../operations/resource-query.ts';
import type { Catalogue, CatalogueAttribute, CatalogueSchema } from '../catalogue.ts';
import { readPath } from '../filter/read-path.ts';
import { isClientObject } from '../json-body.ts';
import { readComplex, readElementList, readElements, readSimple } from '../read-value.ts';
import { mutabilityFault, valueFault } from '../value-fault.ts';
import { isCleared } from './clients/entra-empty-clears.ts';
import { expandObject, type ObjectScope } from './clients/entra-pathless-keys.ts';
import { idOfReference } from './clients/entra-reference-shapes.ts';
import { isUnderUnknownSchema } from './clients/entra-unlisted-extensions.ts';
import { unwrapArray } from './clients/entra-value-array-for-scalar.ts';
import { isIgnoredInObjects } from './clients/okta-pathless-with-id.ts';
import type { PatchStep, StepTarget } from './patch-step.ts';
import { readMemberRequest } from './read-member-request.ts';
import type { ClientOperation } from './read-operations.ts';

/** What the steps of one request are read against. */
export type StepScope = ObjectScope;

export function makeStepScope(kind: ResourceKind, catalogue: Catalogue): StepScope {
  return { kind, catalogue, conditions: { count: 0 } };
}

/** The typed steps of one operation, in order. Everything that the body alone proves wrong is thrown here. */
export function readSteps(operation: ClientOperation, scope: StepScope): readonly PatchStep[] {
  const { op, path, value } = operation;
  if (path === null) return op === 'remove' ? [] : readObjectSteps(op, value, '', scope);
  // RFC 7644 §3.5.2: schemas follow from the attributes; clients that maintain the list themselves change nothing.
  if (path.trim().toLowerCase() === 'schemas') return [];
  if (isUnderUnknownSchema(path, scope.catalogue)) return [];
  const resolved = readPath(path, scope.kind, scope.catalogue);
  if (resolved.kind === 'attribute') return readPathSteps(operation, resolved, scope);
  const { schema } = resolved;
  if (op !== 'remove' && !isCleared(value)) return readObjectSteps(op, value, `${schema.id}:`, scope);
  if (!schema.isExtension)
    throw new OperationError('invalid', 'The core schema cannot be removed', { reason: 'path' });
  return removalOf(schema);
}

/** One `add` or `replace` of an object: an operation without path, a whole extension, or the body of a POST or PUT. */
export function readObjectSteps(
  op: 'add' | 'replace',
  raw: unknown,
  prefix: string,
  scope: StepScope,
): readonly PatchStep[] {
  const value = unwrapArray(raw);
  if (!isClientObject(value)) {
    const what = prefix === '' ? `${op} without a path` : prefix.slice(0, -1);
    throw valueFault(`${what} needs an object as value`);
  }
  return expandObject(value, prefix, scope).flatMap(({ path, value: part }) => {
    if (path.kind === 'attribute') {
      return isIgnoredInObjects(path.sub ?? path.attribute) || isIgnoredInObjects(path.attribute)
        ? []
        : writeSteps(op, path, part, scope, true);
    }
    // A nested object under its schema's URN; an object inside it that claims to be another schema is not one.
    if (prefix !== '') return [];
    if (!isCleared(part)) return readObjectSteps(op, part, `${path.schema.id}:`, scope);
    if (!path.schema.isExtension) return [];
    return removalOf(path.schema);
  });
}

function readPathSteps(
  operation: ClientOperation,
  target: StepTarget,
  scope: StepScope,
): readonly PatchStep[] {
  const { op, value } = operation;
  const inner = target.sub ?? target.attribute;
  if (inner.mutability === 'readOnly' || target.attribute.mutability === 'readOnly') {
    throw mutabilityFault(`${inner.name} cannot be written`);
  }
  if (target.attribute.mutability === 'writeOnly') return [];
  if (op !== 'remove') return writeSteps(op, target, value, scope, false);
  if (isMembers(target.attribute, scope)) return memberSteps(op, target, value, false);
  // RFC 7644 §3.5.2.2 knows no value here; Entra and JumpCloud list the values that shall go, and only those go.
  const lists = target.attribute.multiValued && target.where === null && target.sub === null;
  if (!lists || value === undefined || value === null) return clearSteps(op, target);
  return [{ kind: 'remove-values', target, values: readElementList(target.attribute, value) }];
}

function writeSteps(
  op: 'add' | 'replace',
  target: StepTarget,
  raw: unknown,
  scope: StepScope,
  inObject: boolean,
): readonly PatchStep[] {
  if (isMembers(target.attribute, scope)) return memberSteps(op, target, raw, inObject);
  if (isManagerReference(target)) return writeManagerReference(op, target, raw, scope, inObject);
  if (isCleared(raw)) {
    // Adding nothing adds nothing; for what has one value, null and "" unset it whatever the operation is called.
    const isWholeList = target.attribute.multiValued && target.where === null && target.sub === null;
    return isWholeList && op === 'add' && Array.isArray(raw) ? [] : clearSteps(op, target);
  }
  const value = readTargetValue(target, raw);
  if (value === null) return clearSteps(op, target);
  if (target.attribute.required && typeof value === 'string' && value.trim() === '') {
    throw valueFault(`${target.attribute.name} is required and cannot be blank`);
  }
  return [{ kind: 'set', mode: op, target, value }];
}

function readTargetValue(target: StepTarget, raw: unknown) {
  const { attribute, sub, where } = target;
  if (sub !== null) return readSimple(sub, raw);
  if (attribute.multiValued && where === null) return readElements(attribute, raw);
  return attribute.type === 'complex' ? readComplex(attribute, raw) : readSimple(attribute, raw);
}

function clearSteps(op: ClientOperation['op'], target: StepTarget): readonly PatchStep[] {
  const { attribute, sub } = target;
  // A user is always active or not; unsetting it says neither, so the flag stays.
  if (attribute.name === 'active' && attribute.extension === null) return [];
  const wholeRequired = attribute.required && sub === null && target.where === null;
  if (wholeRequired && op === 'remove')
    throw mutabilityFault(`${attribute.name} is required and cannot be removed`);
  if (wholeRequired) throw valueFault(`${attribute.name} is required and cannot be empty`);
  return isIgnoredInObjects(attribute) ? [] : [{ kind: 'clear', target }];
}

/** A whole extension may go although it requires attributes: it requires them of those that use it. */
function removalOf(extension: CatalogueSchema): readonly PatchStep[] {
  return extension.attributes
    .filter((attribute) => !isIgnoredInObjects(attribute))
    .map((attribute) => ({ kind: 'clear', target: { attribute, where: null, sub: null } }));
}

function isMembers(attribute: CatalogueAttribute, scope: StepScope): boolean {
  return scope.kind === 'Group' && attribute.extension === null && attribute.name === 'members';
}

function memberSteps(
  op: ClientOperation['op'],
  target: StepTarget,
  raw: unknown,
  inObject: boolean,
): readonly PatchStep[] {
  const request = readMemberRequest(op, target, raw, inObject);
  return request === null ? [] : [{ kind: 'members', request }];
}

/** `manager.$ref` by path: the reference itself is made by us, the id in it is what counts. */
function isManagerReference({ attribute, sub }: StepTarget): boolean {
  return sub?.name === '$ref' && !attribute.multiValued && attribute.subAttribute('value') !== null;
}

function writeManagerReference(
  op: 'add' | 'replace',
  target: StepTarget,
  raw: unknown,
  scope: StepScope,
  inObject: boolean,
): readonly PatchStep[] {
  const id = typeof raw === 'string' ? idOfReference(raw) : raw;
  return writeSteps(op, { ...target, sub: target.attribute.subAttribute('value') }, id, scope, inObject);
}
