/** `bulkId:…` as a whole value, or in the path of an operation. RFC 7644 §3.7.2. */
const REFERENCE = /^bulkId:(?<id>[^\s"\\]{1,256})$/i;
/** Inside a PATCH path: `members[value eq "bulkId:…"]`. */
const QUOTED_REFERENCE = /"bulkId:([^\s"\\]{1,256})"/gi;

/** The resource that an earlier operation created, or null while or because there is none. */
export type FindCreated = (bulkId: string) => string | null;

function readReference(value: unknown): string | null {
  return typeof value === 'string' ? (REFERENCE.exec(value)?.groups?.id ?? null) : null;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function collect(value: unknown, found: Set<string>): void {
  if (typeof value === 'string') {
    const reference = readReference(value);
    if (reference !== null) found.add(reference);
    for (const match of value.matchAll(QUOTED_REFERENCE)) if (match[1] !== undefined) found.add(match[1]);
  } else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) collect(inner, found);
  }
}

/** All bulkIds that an operation refers to, in its path and in its data. */
export function referencesIn(path: string, data: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  for (const segment of path.split('/')) collect(segment, found);
  collect(data, found);
  return found;
}

function resolveText(text: string, find: FindCreated): string {
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

/** A copy in which every reference that can be resolved is replaced by the id of what was created. */
export function resolveReferences(value: unknown, find: FindCreated): unknown {
  if (typeof value === 'string') return resolveText(value, find);
  if (isList(value)) return value.map((item) => resolveReferences(item, find));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, resolveReferences(inner, find)]),
  );
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
