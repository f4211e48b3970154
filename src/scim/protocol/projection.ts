import {
  type AnswerObject,
  type AnswerValue,
  isAnswerList,
  isAnswerObject,
  LongList,
} from './answer-value.ts';
import { ScimRefusal } from './scim-refusal.ts';

const MAX_NAMES = 200;
const MAX_NAME_LENGTH = 300;
/** RFC 7643 §7, `returned`: these two are always there, whatever the client asked for. */
const ALWAYS = new Set(['schemas', 'id']);
const CORE_URN = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group)(?::|$)/;

/** Lower-case sub-attribute names; null is the whole attribute. */
type Wanted = ReadonlySet<string> | null;

/** Attribute names of one parameter, in lower case because names compare without case. RFC 7644 §3.10. */
class NameSet {
  readonly #plain = new Map<string, Set<string> | null>();
  /** Names within an extension, still with its URN: where the URN ends is only known beside a resource. */
  readonly #qualified: string[] = [];
  /** A core schema by its URN alone: everything that is not in an extension. */
  #core = false;

  constructor(names: readonly string[]) {
    for (const name of names) this.#read(name.trim().toLowerCase());
  }

  #read(name: string): void {
    if (name === '' || name.length > MAX_NAME_LENGTH) return;
    const plain = name.replace(CORE_URN, '');
    if (plain === '') this.#core = true;
    else this.#add(plain);
  }

  #add(name: string): void {
    if (name.includes(':')) {
      this.#qualified.push(name);
      return;
    }
    const [attribute = '', sub] = name.split('.', 2);
    const known = this.#plain.get(attribute);
    if (sub === undefined || known === null) this.#plain.set(attribute, null);
    else this.#plain.set(attribute, (known ?? new Set()).add(sub));
  }

  get isEmpty(): boolean {
    return !this.#core && this.#plain.size === 0 && this.#qualified.length === 0;
  }

  /** Whether exactly this attribute is named, as a whole. */
  isOnly(attribute: string): boolean {
    const isAlone = !this.#core && this.#plain.size === 1 && this.#qualified.length === 0;
    return isAlone && this.#plain.get(attribute) === null;
  }

  /** What is named of a top-level attribute or a whole extension; undefined when it is not named at all. */
  find(attribute: string): Wanted | undefined {
    if (this.#core) return null;
    return this.#plain.get(attribute) ?? (this.#plain.has(attribute) ? null : undefined);
  }

  /** The names within one extension, as a set of their own; null when the whole extension is named. */
  within(urn: string): NameSet | null {
    const inner: string[] = [];
    for (const name of this.#qualified) {
      if (name === urn) return null;
      if (name.startsWith(`${urn}:`)) inner.push(name.slice(urn.length + 1));
    }
    return new NameSet(inner);
  }
}

/** Applies `change` to the value, or to each element of a multi-valued attribute; what nothing is left of goes. */
function mapElements(value: AnswerValue, change: (element: AnswerObject) => AnswerObject): AnswerValue {
  const each = (item: AnswerValue) => (isAnswerObject(item) ? change(item) : item);
  if (value instanceof LongList)
    return new LongList(value.length, (from, to) => value.part(from, to).map(each));
  return isAnswerList(value) ? value.map(each).filter((item) => !isVoid(item)) : each(value);
}

function pick(object: AnswerObject, keep: (name: string) => boolean): AnswerObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => keep(name.toLowerCase())));
}

function isVoid(value: AnswerValue): boolean {
  if (isAnswerList(value)) return value.length === 0;
  return isAnswerObject(value) && Object.keys(value).length === 0;
}

function includeOne(name: string, value: AnswerValue, names: NameSet): AnswerValue | undefined {
  const key = name.toLowerCase();
  if (key.includes(':') && isAnswerObject(value)) {
    const inner = names.within(key);
    return inner === null ? value : include(value, inner);
  }
  const wanted = names.find(key);
  if (wanted === undefined || wanted === null) return wanted === null ? value : undefined;
  return mapElements(value, (element) => pick(element, (sub) => wanted.has(sub)));
}

function include(object: AnswerObject, names: NameSet): AnswerObject {
  const kept: Record<string, AnswerValue> = {};
  for (const [name, value] of Object.entries(object)) {
    const part = includeOne(name, value, names);
    if (part !== undefined && (!isVoid(part) || isVoid(value))) kept[name] = part;
  }
  return kept;
}

function excludeOne(name: string, value: AnswerValue, names: NameSet): AnswerValue | undefined {
  const key = name.toLowerCase();
  if (key.includes(':') && isAnswerObject(value)) {
    const inner = names.within(key);
    return inner === null ? undefined : exclude(value, inner);
  }
  const unwanted = names.find(key);
  if (unwanted === undefined || unwanted === null) return unwanted === null ? undefined : value;
  return mapElements(value, (element) => pick(element, (sub) => !unwanted.has(sub)));
}

function exclude(object: AnswerObject, names: NameSet): AnswerObject {
  const kept: Record<string, AnswerValue> = {};
  for (const [name, value] of Object.entries(object)) {
    const part = excludeOne(name, value, names);
    if (part !== undefined && (!isVoid(part) || isVoid(value))) kept[name] = part;
  }
  return kept;
}

/** Which attributes a client wants to see: `attributes` and `excludedAttributes`, RFC 7644 §3.9. */
export class Projection {
  readonly #wanted: NameSet | null;
  readonly #unwanted: NameSet | null;

  constructor(attributes: readonly string[] | null, excludedAttributes: readonly string[] | null) {
    if ((attributes?.length ?? 0) + (excludedAttributes?.length ?? 0) > MAX_NAMES) {
      throw new ScimRefusal(400, `At most ${MAX_NAMES} attributes can be named`, {
        scimType: 'invalidValue',
      });
    }
    const wanted = new NameSet(attributes ?? []);
    const unwanted = new NameSet(excludedAttributes ?? []);
    this.#wanted = wanted.isEmpty ? null : wanted;
    this.#unwanted = unwanted.isEmpty ? null : unwanted;
  }

  /** Whether nothing is left out, except perhaps this core attribute as a whole. */
  isEverythingBut(attribute: string): boolean {
    return this.#wanted === null && this.#unwanted?.isOnly(attribute) !== false;
  }

  /** Whether the client named the attributes it wants, so that an answer with a body is expected. */
  get isExplicit(): boolean {
    return this.#wanted !== null;
  }

  /** Whether a top-level core attribute was asked for by its name. */
  names(attribute: string): boolean {
    return this.#wanted?.find(attribute.toLowerCase()) !== undefined;
  }

  /** Whether any part of a top-level core attribute can appear: what cannot is not even read. */
  shows(attribute: string): boolean {
    const key = attribute.toLowerCase();
    if (this.#wanted !== null && this.#wanted.find(key) === undefined) return false;
    return this.#unwanted?.find(key) !== null;
  }

  apply(resource: AnswerObject): AnswerObject {
    if (this.#wanted === null && this.#unwanted === null) return resource;
    const always = pick(resource, (name) => ALWAYS.has(name));
    const included = this.#wanted === null ? resource : include(resource, this.#wanted);
    const kept = this.#unwanted === null ? included : exclude(included, this.#unwanted);
    return { ...always, ...kept, ...always };
  }
}

/** A comma-separated text, or the array that a search request may send instead. */
export function readNames(value: string | readonly string[] | null): readonly string[] | null {
  if (value === null) return null;
  return (typeof value === 'string' ? [value] : value).flatMap((text) => text.split(','));
}
