import type { CustomAttribute, CustomExtension } from '../operations/connections/custom-extension-ports.ts';
import type { ResourceKind } from '../operations/resource-query.ts';
import { type AttributeDefinition, isTypeCaseExact, type SchemaDefinition } from './schema-definition.ts';
import { commonAttributes, standardSchemas } from './standard-schemas.ts';

/** One attribute or sub-attribute. `name` is the canonical spelling; look-ups take any case. */
export interface CatalogueAttribute extends AttributeDefinition {
  /** URN of the extension it belongs to, null for the core schemas and the common attributes. */
  readonly extension: string | null;
  readonly subAttributes: readonly CatalogueAttribute[];
  readonly subAttribute: (name: string) => CatalogueAttribute | null;
}

export interface CatalogueSchema {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly resource: ResourceKind;
  readonly isExtension: boolean;
  /** The schema's own attributes in the order of the RFC. */
  readonly attributes: readonly CatalogueAttribute[];
  /** What `/Schemas` shows: the own attributes, on core schemas also `externalId`, so that mapping editors find it. */
  readonly listed: readonly CatalogueAttribute[];
  readonly attribute: (name: string) => CatalogueAttribute | null;
}

/** Everything that readers, representations and `/Schemas` know about attributes. Immutable; one per set of extensions. */
export interface Catalogue {
  /** In the order of `/Schemas`: User, Enterprise User, Group, then custom extensions. */
  readonly schemas: readonly CatalogueSchema[];
  readonly core: (kind: ResourceKind) => CatalogueSchema;
  readonly extensions: (kind: ResourceKind) => readonly CatalogueSchema[];
  /** Any case; retired and misspelt URNs that clients still send lead to the schema they mean. */
  readonly schema: (urn: string) => CatalogueSchema | null;
  /** `id`, `externalId` and `meta`, RFC 7643 §3.1. */
  readonly commonAttributes: readonly CatalogueAttribute[];
  /**
   * An attribute by its name alone: core schema, then common attributes, then the enterprise extension (Entra sends
   * `manager` without its URN), then the other extensions where exactly one of them has it.
   */
  readonly attribute: (kind: ResourceKind, name: string) => CatalogueAttribute | null;
  /** The longest schema URN that `text` starts with, and what follows it (`''` or the part after the colon). */
  readonly splitUrn: (text: string) => { readonly schema: CatalogueSchema; readonly rest: string } | null;
}

type Table<Value> = Readonly<Record<string, Value>>;

/**
 * URNs that clients use for a schema of ours: the SCIM 1.1 names in OneLogin templates, and the enterprise URN as
 * Microsoft's tutorial misspells it.
 */
const urnAliases: Table<string> = table([
  ['urn:scim:schemas:core:1.0', 'urn:ietf:params:scim:schemas:core:2.0:user'],
  ['urn:scim:schemas:extension:enterprise:1.0', 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:user'],
  [
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0user',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:user',
  ],
]);

/** Builds a catalogue of the standard schemas and the given extensions. Throws a RangeError on an impossible extension. */
export function makeCatalogue(customExtensions: readonly CustomExtension[] = []): Catalogue {
  const common = Object.freeze(commonAttributes.map((definition) => attributeOf(definition, null)));
  const commonTable = byName(common);
  const standard = standardSchemas.map((schema) => schemaOf(schema, commonTable));
  const schemas = Object.freeze([
    ...standard,
    ...customExtensions.map((e) => schemaOf(customSchema(e), commonTable)),
  ]);
  const schemaTable = table(schemas.map((schema) => [schema.id.toLowerCase(), schema] as const));
  if (Object.keys(schemaTable).length !== schemas.length)
    throw new RangeError('Two schemas have the same URN');

  const schema = (urn: string) => {
    const wanted = urn.toLowerCase();
    return schemaTable[urnAliases[wanted] ?? wanted] ?? null;
  };
  const prefixes = Object.freeze(
    [...Object.keys(schemaTable), ...Object.keys(urnAliases)].sort((one, other) => other.length - one.length),
  );
  const kinds = { User: kindOf('User', schemas, common), Group: kindOf('Group', schemas, common) };
  return Object.freeze({
    schemas,
    core: (kind: ResourceKind) => kinds[kind].core,
    extensions: (kind: ResourceKind) => kinds[kind].extensions,
    schema,
    commonAttributes: common,
    attribute: (kind: ResourceKind, name: string) => kinds[kind].attributes[name.toLowerCase()] ?? null,
    splitUrn: (text: string) => {
      const lowered = text.toLowerCase();
      const prefix = prefixes.find(
        (candidate) =>
          lowered.startsWith(candidate) &&
          (lowered.length === candidate.length || lowered[candidate.length] === ':'),
      );
      const found = prefix === undefined ? null : schema(prefix);
      return prefix === undefined || found === null
        ? null
        : { schema: found, rest: text.slice(prefix.length + 1) };
    },
  });
}

function kindOf(
  kind: ResourceKind,
  schemas: readonly CatalogueSchema[],
  common: readonly CatalogueAttribute[],
) {
  const own = schemas.filter((schema) => schema.resource === kind);
  const core = own.find((schema) => !schema.isExtension);
  if (core === undefined) throw new RangeError(`No core schema for ${kind}`);
  const extensions = Object.freeze(own.filter((schema) => schema.isExtension));
  const names = new Map<string, CatalogueAttribute | null>();
  for (const attribute of extensions.flatMap((extension) => extension.attributes)) {
    const key = attribute.name.toLowerCase();
    names.set(key, names.has(key) ? null : attribute);
  }
  // A connection's own `manager` does not take the name from the one that clients mean.
  const standard = extensions.filter(({ id }) => standardSchemas.some((schema) => schema.id === id));
  for (const attribute of [
    ...standard.flatMap((extension) => extension.attributes),
    ...common,
    ...core.attributes,
  ])
    names.set(attribute.name.toLowerCase(), attribute);
  return { core, extensions, attributes: table([...names]) };
}

function schemaOf(source: SchemaDefinition, common: Table<CatalogueAttribute>): CatalogueSchema {
  const extension = source.isExtension ? source.id : null;
  const attributes = Object.freeze(source.attributes.map((definition) => attributeOf(definition, extension)));
  const names = byName(attributes);
  const externalId = common.externalid;
  const listed =
    source.isExtension || externalId === undefined ? attributes : Object.freeze([...attributes, externalId]);
  return Object.freeze({
    ...source,
    attributes,
    listed,
    attribute: (name: string) => names[name.toLowerCase()] ?? null,
  });
}

function attributeOf(definition: AttributeDefinition, extension: string | null): CatalogueAttribute {
  const subAttributes = Object.freeze(definition.subAttributes.map((sub) => attributeOf(sub, extension)));
  const names = byName(subAttributes);
  return Object.freeze({
    ...definition,
    extension,
    subAttributes,
    subAttribute: (name: string) => names[name.toLowerCase()] ?? null,
  });
}

const customUrn = /^urn:[a-z0-9][a-z0-9-]{0,31}:[a-z0-9()+,\-.:=@;$_!*'%]{1,200}$/i;
const customName = /^[a-z][a-z0-9_-]{0,99}$/i;

function customSchema(extension: CustomExtension): SchemaDefinition {
  if (!customUrn.test(extension.schema)) throw new RangeError(`Not a URN: ${extension.schema}`);
  return {
    id: extension.schema,
    name: extension.name,
    description: extension.description ?? extension.name,
    resource: extension.resource ?? 'User',
    isExtension: true,
    attributes: extension.attributes.map((attribute) => customAttribute(attribute, true)),
  };
}

function customAttribute(attribute: CustomAttribute, isTop: boolean): AttributeDefinition {
  const type = attribute.type ?? 'string';
  if (!customName.test(attribute.name)) throw new RangeError(`Not an attribute name: ${attribute.name}`);
  if (!isTop && (type === 'complex' || attribute.multiValued === true)) {
    throw new RangeError(`${attribute.name} must have one simple value`);
  }
  return {
    name: attribute.name,
    type,
    multiValued: attribute.multiValued ?? false,
    description: attribute.description ?? attribute.name,
    required: attribute.required ?? false,
    caseExact: isTypeCaseExact(type) || (attribute.caseExact ?? false),
    mutability: attribute.mutability ?? 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    canonicalValues: Object.freeze([...(attribute.canonicalValues ?? [])]),
    referenceTypes: Object.freeze(type === 'reference' ? ['external'] : []),
    subAttributes:
      type === 'complex' ? (attribute.subAttributes ?? []).map((sub) => customAttribute(sub, false)) : [],
  };
}

function byName(attributes: readonly CatalogueAttribute[]): Table<CatalogueAttribute> {
  const names = table(attributes.map((attribute) => [attribute.name.toLowerCase(), attribute] as const));
  if (Object.keys(names).length !== attributes.length)
    throw new RangeError('Two attributes have the same name');
  return names;
}

/** A frozen map without a prototype: `constructor` or `__proto__` as a client's attribute name finds nothing. */
function table<Value>(entries: readonly (readonly [string, Value])[]): Table<Value> {
  const map: Record<string, Value> = Object.create(null);
  for (const [key, value] of entries) map[key] = value;
  return Object.freeze(map);
}

/** The standard schemas alone, for connections without extensions of their own. */
export const standardCatalogue: Catalogue = makeCatalogue();
