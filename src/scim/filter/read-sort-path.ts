import type { AttributePath, ResourceKind } from '../../operations/resource-query.ts';
import type { Catalogue } from '../catalogue.ts';

/** The attribute a `sortBy` names; null when there is none of that name or it has no order, so that it is ignored. */
export function readSortPath(text: string, kind: ResourceKind, catalogue: Catalogue): AttributePath | null {
  return catalogue.attribute(kind, text) === null ? null : null;
}
