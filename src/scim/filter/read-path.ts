import type { ResourceFilter, ResourceKind } from '../../operations/resource-query.ts';
import type { Catalogue, CatalogueAttribute, CatalogueSchema } from '../catalogue.ts';
import { MAX_NAME_LENGTH, type ResolvedName, resolveName } from '../resolve-name.ts';
import { clip, filterFault } from './filter-fault.ts';
import { readEnclosed } from './filter-reading.ts';
import { makeFilterScanner } from './filter-scanner.ts';

/** What a PATCH path points at (RFC 7644 figure 7); an extension's URN alone means the whole extension. */
export type ResourcePath =
  | { readonly kind: 'schema'; readonly schema: CatalogueSchema }
  | {
      readonly kind: 'attribute';
      readonly attribute: CatalogueAttribute;
      /** Condition on one element, only on multi-valued attributes. */
      readonly where: ResourceFilter | null;
      readonly sub: CatalogueAttribute | null;
    };

/** Reads a PATCH path. Every fault is an OperationError('invalid', reason 'path'). */
export function readPath(text: string, kind: ResourceKind, catalogue: Catalogue): ResourcePath {
  if (text.length > MAX_NAME_LENGTH) {
    throw filterFault('path', `The path is longer than ${MAX_NAME_LENGTH} characters`);
  }
  const path = text.trim();
  const bracket = path.indexOf('[');
  const name = bracket < 0 ? path : path.slice(0, bracket);
  const resolved = resolveName(name, kind, catalogue);
  if (resolved === null) throw filterFault('path', `${clip(name)} is not an attribute of ${kind}`);
  if (bracket >= 0) return readBracketed(path.slice(bracket), resolved, kind, catalogue);
  return resolved.kind === 'schema' ? resolved : { ...resolved, where: null };
}

function readBracketed(
  text: string,
  resolved: ResolvedName,
  kind: ResourceKind,
  catalogue: Catalogue,
): ResourcePath {
  if (resolved.kind === 'schema' || resolved.sub !== null || !resolved.attribute.multiValued) {
    throw filterFault('path', 'Only multi-valued attributes take a condition in brackets');
  }
  const { attribute } = resolved;
  const scanner = makeFilterScanner(text, 'path');
  const where = readEnclosed(
    {
      scanner,
      kind,
      catalogue,
      reason: 'path',
      foreign: null,
      within: attribute,
      used: { depth: 0, nodes: 0 },
    },
    '[',
    ']',
  );
  const rest = text.slice(scanner.position());
  if (rest === '') return { kind: 'attribute', attribute, where, sub: null };
  const sub = rest.startsWith('.') ? attribute.subAttribute(rest.slice(1)) : null;
  if (sub === null) throw filterFault('path', `${clip(rest)} is not a sub-attribute of ${attribute.name}`);
  return { kind: 'attribute', attribute, where, sub };
}
