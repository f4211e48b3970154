import type { ResourceFilter, ResourceKind } from '../../operations/resource-query.ts';
import type { Catalogue } from '../catalogue.ts';
import { clip, filterFault } from './filter-fault.ts';
import { readAlternatives } from './filter-reading.ts';
import { makeFilterScanner } from './filter-scanner.ts';

const MAX_FILTER_LENGTH = 8 * 1024;

/**
 * Reads a filter of RFC 7644 §3.4.2.2 in one pass. Every fault is an OperationError('invalid', reason 'filter').
 * In a search across types the attributes of the `foreign` one are understood as ones without a value.
 * Paths inside an `element` are complete (`emails`, sub-attribute `type`) and mean that one element.
 */
export function readFilter(
  text: string,
  kind: ResourceKind,
  catalogue: Catalogue,
  foreign: ResourceKind | null = null,
): ResourceFilter {
  if (text.length > MAX_FILTER_LENGTH) {
    throw filterFault('filter', `The filter is longer than ${MAX_FILTER_LENGTH} characters`);
  }
  const scanner = makeFilterScanner(text, 'filter');
  const filter = readAlternatives({
    scanner,
    kind,
    catalogue,
    reason: 'filter',
    foreign,
    within: null,
    used: { depth: 0, nodes: 0 },
  });
  if (scanner.peek() !== '') {
    throw filterFault(
      'filter',
      `The filter goes on where it should end: ${clip(text.slice(scanner.position()))}`,
    );
  }
  return filter;
}
