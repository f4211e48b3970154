import type { ResourceKind } from '../../operations/resource-query.ts';
import type { Catalogue } from '../catalogue.ts';
import type { AnswerObject } from '../protocol/answer-value.ts';

const RESOURCE_TYPE_URN = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType';

function representResourceType(
  kind: ResourceKind,
  endpoint: string,
  catalogue: Catalogue,
  scimBaseUrl: string,
): AnswerObject {
  const core = catalogue.core(kind);
  return {
    schemas: [RESOURCE_TYPE_URN],
    id: kind,
    name: kind,
    description: core.description,
    endpoint,
    schema: core.id,
    schemaExtensions: catalogue.extensions(kind).map(({ id }) => ({ schema: id, required: false })),
    meta: { resourceType: 'ResourceType', location: `${scimBaseUrl}/ResourceTypes/${kind}` },
  };
}

/** RFC 7643 §6. */
export function representResourceTypes(catalogue: Catalogue, scimBaseUrl: string): readonly AnswerObject[] {
  return [
    representResourceType('User', '/Users', catalogue, scimBaseUrl),
    representResourceType('Group', '/Groups', catalogue, scimBaseUrl),
  ];
}
