import type { Catalogue, CatalogueAttribute, CatalogueSchema } from '../catalogue.ts';
import type { AnswerObject } from '../protocol/answer-value.ts';

const SCHEMA_URN = 'urn:ietf:params:scim:schemas:core:2.0:Schema';

/** Every characteristic is written out, defaults too: mapping editors do not know the defaults of RFC 7643 §2.2. */
function representAttribute(attribute: CatalogueAttribute): AnswerObject {
  const { canonicalValues, referenceTypes, subAttributes } = attribute;
  return {
    name: attribute.name,
    type: attribute.type,
    multiValued: attribute.multiValued,
    description: attribute.description,
    required: attribute.required,
    caseExact: attribute.caseExact,
    mutability: attribute.mutability,
    returned: attribute.returned,
    uniqueness: attribute.uniqueness,
    ...(canonicalValues.length === 0 ? {} : { canonicalValues }),
    ...(referenceTypes.length === 0 ? {} : { referenceTypes }),
    ...(subAttributes.length === 0 ? {} : { subAttributes: subAttributes.map(representAttribute) }),
  };
}

function representSchema(schema: CatalogueSchema, scimBaseUrl: string): AnswerObject {
  return {
    schemas: [SCHEMA_URN],
    id: schema.id,
    name: schema.name,
    description: schema.description,
    attributes: schema.listed.map(representAttribute),
    meta: { resourceType: 'Schema', location: `${scimBaseUrl}/Schemas/${schema.id}` },
  };
}

/** RFC 7643 §7. */
export function representSchemas(catalogue: Catalogue, scimBaseUrl: string): readonly AnswerObject[] {
  return catalogue.schemas.map((schema) => representSchema(schema, scimBaseUrl));
}
