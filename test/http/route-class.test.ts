import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { routeClassOf } from '../../src/http/route-class.ts';

describe('route class', () => {
  for (const [path, expected] of [
    ['/scim/v2/0190/Users', 'scim:Users'],
    ['/scim/v2/0190/users/42', 'scim:Users'],
    ['/SCIM/v2/0190/Groups/', 'scim:Groups'],
    ['/scim/v2/0190/.search', 'scim:.search'],
    ['/api/v1/mapping-rules/preview', 'api:mapping-rules'],
    ['/api/v1/employees', 'api:employees'],
    ['/OAuth/IntegrationCallback.aspx', '/oauth/integrationcallback.aspx'],
    ['/healthz', '/healthz'],
    ['/', 'other'],
    ['/scim/v2/0190', 'other'],
    ['/scim/v2/0190/Secrets', 'other'],
    ['/api/v1/anything-invented', 'other'],
    ['/api/v1/__proto__', 'other'],
    ['/constructor', 'other'],
  ] as const) {
    it(`of ${path} is ${expected}`, () => {
      assert.equal(routeClassOf(path), expected);
    });
  }
});
