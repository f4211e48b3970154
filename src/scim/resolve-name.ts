import type { ResourceKind } from '../operations/resource-query.ts';
import type { Catalogue, CatalogueAttribute, CatalogueSchema } from './catalogue.ts';

/** What a client's attribute name means: a whole extension, or an attribute and perhaps one of its sub-attributes. */
export type ResolvedName =
  | { readonly kind: 'schema'; readonly schema: CatalogueSchema }
  | {
      readonly kind: 'attribute';
      readonly attribute: CatalogueAttribute;
      readonly sub: CatalogueAttribute | null;
    };

export const MAX_NAME_LENGTH = 1024;

/**
 * Resolves `userName`, `name.givenName`, `urn:…:User:manager.value`, `urn:…:User` in any case; null when nothing has
 * that name. URNs hold dots, so the schema is split off first (RFC 7644 §3.10).
 */
export function resolveName(text: string, kind: ResourceKind, catalogue: Catalogue): ResolvedName | null {
  if (text.length > MAX_NAME_LENGTH) return null;
  const split = catalogue.splitUrn(text);
  if (split === null) return resolveIn(text, (name) => catalogue.attribute(kind, name));
  if (split.schema.resource !== kind) return null;
  if (split.rest === '') return { kind: 'schema', schema: split.schema };
  const { schema } = split;
  return resolveIn(split.rest, (name) =>
    schema.isExtension ? schema.attribute(name) : coreOrCommon(name, schema, catalogue),
  );
}

function coreOrCommon(
  name: string,
  schema: CatalogueSchema,
  catalogue: Catalogue,
): CatalogueAttribute | null {
  return (
    schema.attribute(name) ??
    catalogue.commonAttributes.find((common) => common.name.toLowerCase() === name.toLowerCase()) ??
    null
  );
}

function resolveIn(text: string, find: (name: string) => CatalogueAttribute | null): ResolvedName | null {
  const dot = text.indexOf('.');
  const attribute = find(dot < 0 ? text : text.slice(0, dot));
  if (attribute === null) return null;
  if (dot < 0) return { kind: 'attribute', attribute, sub: null };
  const sub = attribute.subAttribute(text.slice(dot + 1));
  return sub === null ? null : { kind: 'attribute', attribute, sub };
}
