import type { ScimEndpoint } from './protocol/scim-target.ts';
import { GroupResource, type ResourceCall, UserResource } from './resources/scimmy-resources.ts';

/**
 * Requests that come in bursts (match, get, list, create, patch) call their resource class without passing the nested
 * routers of scimmy-routers first, which cost as much as the rest of our own work on a request. So does DELETE, because the
 * routers would read a body that nobody asked for and refuse what they cannot read. False when the request is none of
 * these and the tail has to find the resource.
 */
export async function takeFastLane(
  call: ResourceCall,
  endpoint: ScimEndpoint,
  method: string,
  body: unknown,
): Promise<boolean> {
  if (endpoint.kind !== 'collection' && endpoint.kind !== 'resource') return false;
  const Resource = endpoint.type === 'User' ? UserResource : GroupResource;
  const resource = new Resource(endpoint.kind === 'resource' ? endpoint.id : undefined);
  switch (method) {
    case 'GET':
    case 'HEAD':
      await resource.read(call);
      return true;
    case 'POST':
      await resource.write(body, call);
      return true;
    case 'PATCH':
      await resource.patch(body, call);
      return true;
    case 'DELETE':
      await resource.dispose(call);
      return true;
    default:
      return false;
  }
}
