import { setImmediate } from 'node:timers/promises';

/** `bulkId:…` as a whole value, or in the path of an operation. RFC 7644 §3.7.2. */
const REFERENCE = /^bulkId:(?<id>[^\s"\\]{1,256})$/i;
/** Inside a PATCH path: `members[value eq "bulkId:…"]`. */
const QUOTED_REFERENCE = /"bulkId:([^\s"\\]{1,256})"/gi;
/** What every text with a reference holds, and hardly another: told in no time. */
const MENTION = /bulkId:/i;
const LOOKED_AT_ONCE = 4000;

/** The resource that an earlier operation created, or null while or because there is none. */
export type FindCreated = (bulkId: string) => string | null;

function readReference(value: unknown): string | null {
  return typeof value === 'string' ? (REFERENCE.exec(value)?.groups?.id ?? null) : null;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function collect(text: string, found: Set<string>): void {
  if (!MENTION.test(text)) return;
  const reference = readReference(text);
  if (reference !== null) found.add(reference);
  for (const match of text.matchAll(QUOTED_REFERENCE)) if (match[1] !== undefined) found.add(match[1]);
}

/** All bulkIds that an operation refers to, in its path and in its data; much data is looked through in steps. */
export async function referencesIn(path: string, data: unknown): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const segment of path.split('/')) collect(segment, found);
  const waiting: unknown[] = [data];
  for (let looked = 1; waiting.length > 0; looked += 1) {
    if (looked % LOOKED_AT_ONCE === 0) await setImmediate();
    const value = waiting.pop();
    if (typeof value === 'string') collect(value, found);
    else if (typeof value === 'object' && value !== null) {
      for (const inner of Object.values(value).reverse()) waiting.push(inner);
    }
  }
  return found;
}

function resolveText(text: string, find: FindCreated): string {
  if (!MENTION.test(text)) return text;
  const reference = readReference(text);
  if (reference !== null) return find(reference) ?? text;
  return text.replaceAll(QUOTED_REFERENCE, (whole, id: string) => {
    const created = find(id);
    return created === null ? whole : `"${created}"`;
  });
}

export function resolvePath(path: string, find: FindCreated): string {
  return path
    .split('/')
    .map((segment) => resolveText(segment, find))
    .join('/');
}

/**
 * The value with every reference that can be resolved replaced by the id of what was created. What holds none is not
 * copied.
 */
export function resolveReferences(value: unknown, find: FindCreated): unknown {
  if (typeof value === 'string') return resolveText(value, find);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  let isResolved = false;
  for (const entry of entries) {
    const resolved = resolveReferences(entry[1], find);
    if (resolved === entry[1]) continue;
    entry[1] = resolved;
    isResolved = true;
  }
  if (!isResolved) return value;
  return isList(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

function isReferenceOnly(value: unknown): boolean {
  if (readReference(value) !== null) return true;
  if (typeof value !== 'object' || value === null || isList(value)) return false;
  return Object.entries(value).some(
    ([name, inner]) => name.toLowerCase() === 'value' && readReference(inner) !== null,
  );
}

/** A copy without the references that are still open, and without the elements that stand for nothing else. */
export function withoutReferences(value: unknown): unknown {
  if (isList(value)) return value.filter((item) => !isReferenceOnly(item)).map(withoutReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => !isReferenceOnly(inner))
      .map(([name, inner]) => [name, withoutReferences(inner)]),
  );
}
