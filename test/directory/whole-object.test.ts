import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wholeGroup, wholeUser } from '../../src/directory/whole-object.ts';

describe('objects that rows tell for the first time', () => {
  it('are empty where the rows say nothing', () => {
    assert.deepEqual(wholeUser({ userPrincipalName: 'ada@fabrikam.example', jobTitle: 'Analyst' }), {
      userPrincipalName: 'ada@fabrikam.example',
      displayName: null,
      givenName: null,
      surname: null,
      mail: null,
      jobTitle: 'Analyst',
      department: null,
      mobilePhone: null,
      businessPhones: [],
      // Not false: nobody is blocked because nothing is known.
      accountEnabled: null,
      userType: null,
      identities: [],
    });
    assert.deepEqual(wholeGroup({ displayName: 'PSA Engineers', securityEnabled: true }), {
      displayName: 'PSA Engineers',
      createdDateTime: null,
      securityEnabled: true,
      groupTypes: [],
    });
  });

  it('are not whole without the name that every one of them has', () => {
    assert.equal(wholeUser({ jobTitle: 'Analyst' }), null);
    assert.equal(wholeGroup({ securityEnabled: true }), null);
  });
});
