import type { Catalogue } from '../catalogue.ts';
import { Answer } from '../protocol/answer.ts';
import type { AnswerObject } from '../protocol/answer-value.ts';
import { LIST_RESPONSE_URN } from '../protocol/message-urns.ts';
import { ScimRefusal } from '../protocol/scim-refusal.ts';
import type { DiscoveryDocument } from '../protocol/scim-target.ts';
import { representResourceTypes } from './resource-types.ts';
import { representSchemas } from './schemas.ts';
import { representServiceProviderConfig } from './service-provider-config.ts';

export interface DiscoveryRequest {
  readonly document: DiscoveryDocument;
  /** URN of one schema or name of one resource type; null for all of them. */
  readonly name: string | null;
  readonly scimBaseUrl: string;
  readonly hasFilter: boolean;
}

export type Discovery = (request: DiscoveryRequest) => Answer;

/** Stands for the base URL in the rendered texts; no description can contain it. */
const BASE_MARK = '\u0001base\u0001';
const BASE_MARK_JSON = JSON.stringify(BASE_MARK).slice(1, -1);

interface Page {
  /** Relative to the base URL; null for lists, which are no resource of their own. */
  readonly location: string | null;
  readonly render: (scimBaseUrl: string) => string;
}

function makePage(document: AnswerObject, location: string | null): Page {
  const parts = JSON.stringify(document).split(BASE_MARK_JSON);
  return { location, render: (scimBaseUrl) => parts.join(JSON.stringify(scimBaseUrl).slice(1, -1)) };
}

/** RFC 7644 §4: discovery lists are never filtered, sorted or paged. */
function listOf(resources: readonly AnswerObject[]): AnswerObject {
  return {
    schemas: [LIST_RESPONSE_URN],
    totalResults: resources.length,
    startIndex: 1,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}

function entriesOf(
  document: DiscoveryDocument,
  resources: readonly AnswerObject[],
): readonly (readonly [string, Page])[] {
  return resources.map((resource) => {
    const path = `${document}/${resource.id}`;
    return [path.toLowerCase(), makePage(resource, path)];
  });
}

function renderAll(catalogue: Catalogue): ReadonlyMap<string, Page> {
  const schemas = representSchemas(catalogue, BASE_MARK);
  const types = representResourceTypes(catalogue, BASE_MARK);
  const config = representServiceProviderConfig(BASE_MARK);
  return new Map([
    ['serviceproviderconfig', makePage(config, 'ServiceProviderConfig')],
    ['schemas', makePage(listOf(schemas), null)],
    ['resourcetypes', makePage(listOf(types), null)],
    ...entriesOf('Schemas', schemas),
    ...entriesOf('ResourceTypes', types),
  ]);
}

/** Renders the documents of one catalogue once; a request only fills in the base URL of its connection. */
export function makeDiscovery(catalogue: Catalogue): Discovery {
  const pages = renderAll(catalogue);

  return function answerDiscovery({ document, name, scimBaseUrl, hasFilter }) {
    if (hasFilter) throw new ScimRefusal(403, `${document} cannot be filtered`);
    const page = pages.get((name === null ? document : `${document}/${name}`).toLowerCase());
    if (page === undefined) throw new ScimRefusal(404, `${document} has no entry of that name`);
    const body = page.render(scimBaseUrl);
    return new Answer(
      200,
      page.location === null ? { body } : { body, location: `${scimBaseUrl}/${page.location}` },
    );
  };
}
