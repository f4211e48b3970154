import type { IncomingMessage } from 'node:http';
import { readJsonBody } from '../http/body.ts';
import { LIMITS } from './protocol/limits.ts';
import type { ScimEndpoint } from './protocol/scim-target.ts';

const MEDIA_TYPES = ['application/scim+json', 'application/json'];
const METHODS_WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);
const ENDPOINTS_WITH_BODY = new Set<ScimEndpoint['kind']>(['collection', 'resource', 'search', 'bulk']);

function limitOf(endpoint: ScimEndpoint): number {
  if (endpoint.kind === 'bulk') return LIMITS.bulkBytes;
  const mayHoldMembers = 'type' in endpoint && endpoint.type === 'Group';
  return mayHoldMembers ? LIMITS.groupBytes : LIMITS.userBytes;
}

/** Called once it is known who sends the body; undefined where none is expected. */
export async function readRequestBody(request: IncomingMessage, endpoint: ScimEndpoint): Promise<unknown> {
  const hasBody = ENDPOINTS_WITH_BODY.has(endpoint.kind) && METHODS_WITH_BODY.has(request.method ?? '');
  if (!hasBody) return undefined;
  return readJsonBody(request, { accepts: MEDIA_TYPES, maxBytes: limitOf(endpoint) });
}
