import type { FieldFaults } from '../field-faults.ts';
import type { CustomAttribute, CustomExtension } from './custom-extension-ports.ts';

/** The standard URNs, retired ones too, and everything that would begin like them: paths are split at the longest known URN. */
const reserved =
  /^urn:(?:scim:schemas:|ietf:params:scim:(?:schemas:core:|api:|schemas:extension:enterprise:2\.0:?user))/i;
/** What every resource has already, and what no JSON body may use as a name. */
const reservedNames: ReadonlySet<string> = new Set([
  'schemas',
  'id',
  'meta',
  'externalid',
  'constructor',
  'prototype',
]);
/** All schemas of a connection together, sub-attributes included. */
const maxAttributes = 500;

function checkNames(attributes: readonly CustomAttribute[], pointer: string, faults: FieldFaults): void {
  const seen = new Set<string>();
  for (const [index, { name }] of attributes.entries()) {
    const key = name.toLowerCase();
    if (seen.has(key))
      faults.add(`${pointer}/${index}/name`, `${name} is there twice; names differ by more than case.`);
    seen.add(key);
  }
}

function checkAttribute(attribute: CustomAttribute, pointer: string, faults: FieldFaults): void {
  const { name, type, subAttributes = [] } = attribute;
  if (reservedNames.has(name.toLowerCase()))
    faults.add(`${pointer}/name`, `${name} is taken; use another name.`);
  if (type === 'complex' && subAttributes.length === 0)
    faults.add(`${pointer}/subAttributes`, 'is required for an attribute of type complex');
  if (type !== 'complex' && subAttributes.length > 0)
    faults.add(`${pointer}/subAttributes`, 'belongs to attributes of type complex');
  checkNames(subAttributes, `${pointer}/subAttributes`, faults);
}

function countAttributes(extensions: readonly CustomExtension[]): number {
  const attributes = extensions.flatMap((extension) => extension.attributes);
  return attributes.reduce((sum, { subAttributes = [] }) => sum + 1 + subAttributes.length, 0);
}

/** What the form of the list cannot say. `pointer` leads to it in the body. */
export function checkCustomExtensions(
  extensions: readonly CustomExtension[],
  pointer: string,
  faults: FieldFaults,
): void {
  const seen: string[] = [];
  if (countAttributes(extensions) > maxAttributes)
    faults.add(pointer, `has more than ${maxAttributes} attributes and sub-attributes`);
  for (const [index, { schema, attributes }] of extensions.entries()) {
    const at = `${pointer}/${index}`;
    const urn = schema.toLowerCase();
    if (reserved.test(urn))
      faults.add(`${at}/schema`, `${schema} belongs to the standard schemas; use a URN of your own.`);
    const clash = seen.find(
      (other) => other === urn || urn.startsWith(`${other}:`) || other.startsWith(`${urn}:`),
    );
    if (clash !== undefined)
      faults.add(`${at}/schema`, `${schema} is, or begins like, another schema of the list.`);
    seen.push(urn);
    checkNames(attributes, `${at}/attributes`, faults);
    for (const [position, attribute] of attributes.entries())
      checkAttribute(attribute, `${at}/attributes/${position}`, faults);
  }
}
