import type { JsonObject, JsonValue } from '../directory/json.ts';
import type { CatalogueAttribute } from './catalogue.ts';
import { readDateTime } from './date-time.ts';
import { isClientObject } from './json-body.ts';
import { readAppRole } from './patch/clients/entra-app-role-strings.ts';
import { completeBareValue } from './patch/clients/entra-bare-value-for-complex.ts';
import { isCleared } from './patch/clients/entra-empty-clears.ts';
import { referencedId } from './patch/clients/entra-reference-shapes.ts';
import { readStringBoolean } from './patch/clients/entra-string-booleans.ts';
import { unwrapArray, unwrapScalar } from './patch/clients/entra-value-array-for-scalar.ts';
import { isIgnoredInObjects } from './patch/clients/okta-pathless-with-id.ts';
import { wrapInArray } from './patch/clients/onelogin-object-for-array.ts';
import { tooMany, valueFault } from './value-fault.ts';

export const MAX_VALUES = 1000;
const MAX_TEXT_LENGTH = 64 * 1024;
/** These carry unique or look-up indexes, and an index entry has room for less than a page. */
const MAX_INDEXED_LENGTH = 512;
const indexed: ReadonlySet<string> = new Set(['userName', 'externalId', 'displayName']);

/** The value of a simple (sub-)attribute in its own type, verbatim where it is plain text; null clears. */
export function readSimple(attribute: CatalogueAttribute, raw: unknown): string | number | boolean | null {
  const value = unwrapScalar(raw);
  if (isCleared(value)) return null;
  switch (attribute.type) {
    case 'boolean': {
      const boolean = readStringBoolean(value);
      if (typeof boolean === 'boolean') return boolean;
      throw valueFault(`${attribute.name} must be true or false`);
    }
    case 'integer':
    case 'decimal':
      return readNumber(attribute, value);
    case 'dateTime': {
      const dateTime = readDateTime(readText(attribute, value));
      if (dateTime !== null) return dateTime;
      throw valueFault(`${attribute.name} must be a date and time as in 2024-05-13T04:42:34Z`);
    }
    case 'binary':
      return readBinary(attribute, value);
    default:
      return readText(attribute, value);
  }
}

/**
 * RFC 7643 §2.3.6: base64 whose padding may be left out. The lines around a PEM block, line breaks and the URL-safe letters are
 * taken as well, and answered as base64 has them.
 */
function readBinary(attribute: CatalogueAttribute, value: unknown): string {
  const block = readText(attribute, value).replace(/-----(?:BEGIN|END) [A-Z ]{1,40}-----/g, '');
  const text = block.replace(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/');
  const isWhole = text.endsWith('=') ? text.length % 4 === 0 : text.length % 4 !== 1;
  if (isWhole && /^[A-Za-z0-9+/]+={0,2}$/.test(text)) return text;
  throw valueFault(`${attribute.name} must be base64`);
}

function readNumber(attribute: CatalogueAttribute, value: unknown): number {
  const isNumeral = typeof value === 'string' && /^-?\d{1,20}(\.\d{1,20})?$/.test(value);
  const number = isNumeral ? Number(value) : value;
  const fits = attribute.type === 'integer' ? Number.isSafeInteger(number) : Number.isFinite(number);
  if (typeof number === 'number' && fits) return number;
  throw valueFault(`${attribute.name} must be ${attribute.type === 'integer' ? 'an integer' : 'a number'}`);
}

function readText(attribute: CatalogueAttribute, value: unknown): string {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') throw valueFault(`${attribute.name} must be a string`);
  const maximum = indexed.has(attribute.name) ? MAX_INDEXED_LENGTH : MAX_TEXT_LENGTH;
  if (text.length > maximum) throw valueFault(`${attribute.name} is longer than ${maximum} characters`);
  // PostgreSQL holds neither U+0000 nor half a surrogate pair.
  if (text.includes('\0') || !text.isWellFormed()) {
    throw valueFault(`${attribute.name} holds a character that cannot be stored`);
  }
  return text;
}

/**
 * The known, writable sub-attributes of one complex value under their canonical names; a null one is to be cleared.
 * Null clears the whole value.
 */
export function readComplex(attribute: CatalogueAttribute, raw: unknown): JsonObject | null {
  const value = completeBareValue(unwrapArray(raw), attribute);
  if (isCleared(value)) return null;
  if (!isClientObject(value)) throw valueFault(`${attribute.name} must be an object`);
  const isReference = attribute.subAttribute('$ref') !== null && attribute.subAttribute('value') !== null;
  const source = readAppRole(value, attribute);
  const read = new Map<string, JsonValue>();
  for (const key of Object.keys(source)) {
    const sub = attribute.subAttribute(key);
    // A reference's `$ref` is written by us from its id.
    if (sub === null || isIgnoredInObjects(sub) || (isReference && sub.name === '$ref')) continue;
    read.set(sub.name, readSimple(sub, source[key]));
  }
  if (isReference && read.get('value') == null) {
    const id = referencedId(value);
    if (id !== undefined) read.set('value', readSimple(attribute, id));
  }
  return Object.fromEntries(read);
}

/** The elements of a multi-valued attribute; null ones and ones without content are left out. */
export function readElements(attribute: CatalogueAttribute, raw: unknown): readonly JsonValue[] {
  return readElementList(attribute, raw).filter((element) => !isBlankElement(element));
}

/** The same with elements that name only a `type`, as a removal may list them. */
export function readElementList(attribute: CatalogueAttribute, raw: unknown): readonly JsonValue[] {
  if (isCleared(raw)) return [];
  const list = wrapInArray(raw);
  if (list.length > MAX_VALUES) throw tooMany(`${attribute.name} has more than ${MAX_VALUES} values`);
  return list.map((element) => readElement(attribute, element)).filter((element) => element !== null);
}

function readElement(attribute: CatalogueAttribute, raw: unknown): JsonValue {
  if (attribute.type !== 'complex') return readSimple(attribute, raw);
  if (Array.isArray(raw)) throw valueFault(`An element of ${attribute.name} must be an object`);
  const element = readComplex(attribute, raw);
  return element === null ? null : withoutNulls(element);
}

export function withoutNulls(object: JsonObject): JsonObject {
  const entries = Object.entries(object);
  return entries.some(([, value]) => value === null)
    ? Object.fromEntries(entries.filter(([, value]) => value !== null))
    : object;
}

/** An element that only says what kind of value it would be (Okta sends `{ "type": "work", "value": "" }`). */
export function isBlankElement(element: JsonValue): boolean {
  if (element === null) return true;
  return isJsonObject(element) && Object.keys(element).every((key) => key === 'type' || key === 'primary');
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
