import type { ResourceKind, ResourceQuery } from './resource-query.ts';

/** What clients match by: each is answered by an index and finds one resource or next to none. */
const matchable: Readonly<Record<ResourceKind, ReadonlySet<string>>> = {
  User: new Set(['userName', 'externalId']),
  Group: new Set(['displayName', 'externalId']),
};

export interface Match {
  readonly attribute: string;
  readonly value: string;
}

/**
 * The look-up that every provisioning client sends before anything else: one equality on a core attribute, first page.
 * Null for all other queries.
 */
export function readMatch(kind: ResourceKind, { filter, sort, page }: ResourceQuery): Match | null {
  if (filter?.kind !== 'compare' || filter.operator !== 'eq' || typeof filter.value !== 'string') return null;
  if (sort !== null || page.kind !== 'index' || page.startIndex !== 1 || page.count === 0) return null;
  const { extension, attribute, subAttribute } = filter.path;
  const isMatch = extension === null && subAttribute === null && matchable[kind].has(attribute);
  return isMatch && !filter.value.includes('\0') ? { attribute, value: filter.value } : null;
}
