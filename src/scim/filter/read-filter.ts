import { OperationError } from '../../operations/operation-error.ts';
import type { ResourceFilter, ResourceKind } from '../../operations/resource-query.ts';
import type { Catalogue } from '../catalogue.ts';

/** Reads a filter of RFC 7644 §3.4.2.2. Throws OperationError('invalid', reason 'filter'). */
export function readFilter(text: string, kind: ResourceKind, catalogue: Catalogue): ResourceFilter {
  throw new OperationError('invalid', `No filter reader for ${kind} ${text} ${catalogue.schemas.length}`);
}
