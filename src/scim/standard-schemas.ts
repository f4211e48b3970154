import SCIMMY from 'scimmy';
import type { ResourceKind } from '../operations/resource-query.ts';
import {
  type AttributeDefinition,
  isTypeCaseExact,
  type Mutability,
  type Returned,
  type SchemaDefinition,
} from './schema-definition.ts';

/** What the library's definitions print as JSON: RFC 7643 §7 with characteristics left out where they are defaults. */
interface PrintedAttribute {
  readonly name: string;
  readonly type: AttributeDefinition['type'];
  readonly multiValued: boolean;
  readonly description: string;
  readonly required: boolean;
  readonly caseExact?: boolean;
  readonly mutability: Mutability;
  readonly returned: Returned;
  readonly uniqueness?: AttributeDefinition['uniqueness'];
  readonly canonicalValues?: readonly string[];
  readonly referenceTypes?: readonly string[];
  readonly subAttributes?: readonly PrintedAttribute[];
}

/** Core User, Enterprise User and core Group, RFC 7643 §8.7.1. */
export const standardSchemas: readonly SchemaDefinition[] = [
  read(SCIMMY.Schemas.User.definition, 'User', false, 'User'),
  read(SCIMMY.Schemas.EnterpriseUser.definition, 'User', true, 'Enterprise User'),
  withOwnGroupRules(read(SCIMMY.Schemas.Group.definition, 'Group', false, 'Group')),
];

/**
 * Groups in groups are refused, so nobody is told that a member could be one, and names of groups are unique. RFC 7643
 * §4.2 leaves both open.
 */
function withOwnGroupRules(schema: SchemaDefinition): SchemaDefinition {
  const onlyUsers = (attribute: AttributeDefinition): AttributeDefinition => {
    if (attribute.name === '$ref') return { ...attribute, referenceTypes: ['User'] };
    return attribute.name === 'type' ? { ...attribute, canonicalValues: ['User'] } : attribute;
  };
  const attributes = schema.attributes.map((attribute): AttributeDefinition => {
    if (attribute.name === 'displayName') return { ...attribute, uniqueness: 'server' };
    return attribute.name === 'members'
      ? { ...attribute, subAttributes: attribute.subAttributes.map(onlyUsers) }
      : attribute;
  });
  return { ...schema, attributes };
}

const simple: Omit<AttributeDefinition, 'name' | 'description'> = {
  type: 'string',
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: 'readOnly',
  returned: 'default',
  uniqueness: 'none',
  canonicalValues: [],
  referenceTypes: [],
  subAttributes: [],
};

/** RFC 7643 §3.1. `id`, `externalId`, `meta.resourceType` and `meta.version` compare with case. */
export const commonAttributes: readonly AttributeDefinition[] = [
  {
    ...simple,
    name: 'id',
    description: 'Identifier of the resource, given by the service provider and never changed.',
    caseExact: true,
    returned: 'always',
    uniqueness: 'server',
  },
  {
    ...simple,
    name: 'externalId',
    description: 'Identifier of the resource as the provisioning client knows it.',
    caseExact: true,
    mutability: 'readWrite',
  },
  {
    ...simple,
    name: 'meta',
    description: 'Facts about the resource, kept by the service provider.',
    type: 'complex',
    subAttributes: [
      { ...simple, name: 'resourceType', description: 'Name of the resource type.', caseExact: true },
      { ...simple, name: 'created', description: 'When the resource was added.', type: 'dateTime' },
      { ...simple, name: 'lastModified', description: 'When the resource last changed.', type: 'dateTime' },
      {
        ...simple,
        name: 'location',
        description: 'URI of the resource.',
        type: 'reference',
        caseExact: true,
        referenceTypes: ['uri'],
      },
      { ...simple, name: 'version', description: 'Version of the resource, its ETag.', caseExact: true },
    ],
  },
];

function read(
  definition: SCIMMY.Types.SchemaDefinition,
  resource: ResourceKind,
  isExtension: boolean,
  name: string,
): SchemaDefinition {
  // The definition prints itself through toJSON; its declared type shows the objects behind it instead.
  const printed = JSON.parse(JSON.stringify(definition.describe())) as { attributes: PrintedAttribute[] };
  return {
    id: definition.id,
    name,
    description: definition.description,
    resource,
    isExtension,
    attributes: printed.attributes.map(complete),
  };
}

/** Every characteristic present, so that `/Schemas` never leaves a client to guess a default (RFC 7643 §7). */
function complete(printed: PrintedAttribute): AttributeDefinition {
  return {
    name: printed.name,
    type: printed.type,
    multiValued: printed.multiValued,
    description: printed.description,
    required: printed.required,
    caseExact: isTypeCaseExact(printed.type) || (printed.caseExact ?? false),
    mutability: printed.mutability,
    returned: printed.returned,
    uniqueness: printed.uniqueness ?? 'none',
    canonicalValues: Object.freeze([...(printed.canonicalValues ?? [])]),
    referenceTypes: Object.freeze([...(printed.referenceTypes ?? [])]),
    subAttributes: (printed.subAttributes ?? []).map(complete),
  };
}
