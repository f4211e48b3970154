import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { credentialMaker, hashOf } from '../../src/http/credentials.ts';
import {
  type EnsureDefaultOrganization,
  makeEnsureDefaultOrganization,
  makeRescueKey,
} from '../../src/operations/organizations/create-organization.ts';
import type { JobStore } from '../../src/operations/ports.ts';
import { type Credentials, makeCredentials } from '../../src/postgres/credentials.ts';
import { type Database, openDatabase } from '../../src/postgres/database.ts';
import { makeStores } from '../../src/postgres/stores.ts';
import { makeUnitOfWork } from '../../src/postgres/unit-of-work.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const configured = 'a-configured-key-of-at-least-32-characters';

const noJobs: JobStore = {
  enqueueReconcile: () => Promise.reject(new Error('No job is expected here')),
  enqueueReplan: () => Promise.reject(new Error('No job is expected here')),
  enqueueSync: () => Promise.reject(new Error('No job is expected here')),
  enqueueDeliveries: () => Promise.reject(new Error('No job is expected here')),
};

describe('the organization that every installation starts with', () => {
  let database: TestDatabase;
  let connections: Database;
  let credentials: Credentials;
  let ensure: EnsureDefaultOrganization;
  let rescue: () => Promise<string>;

  beforeEach(async () => {
    database = await createTestDatabase();
    connections = openDatabase({ url: database.url, poolSize: 4 });
    credentials = makeCredentials(connections);
    const identifiers = { next: uuidV7 };
    const unitOfWork = makeUnitOfWork(connections, (connection) =>
      makeStores(connection, { identifiers, jobs: () => noJobs }),
    );
    const clock = { now: () => new Date().toISOString() };
    const dependencies = { unitOfWork, clock, identifiers, credentialMaker };
    ensure = makeEnsureDefaultOrganization(dependencies);
    rescue = makeRescueKey(dependencies);
  });
  afterEach(async () => {
    await credentials.close();
    await connections.close();
    await database.drop();
  });

  const roleOf = async (key: string) => (await credentials.findApiKey(hashOf(key)))?.role;

  it('is made at the first start, with an owner key that is shown that once', async () => {
    const first = await ensure(null);
    assert.equal(first.isNew, true);
    assert.equal(await roleOf(String(first.generatedKey)), 'owner');
    const second = await ensure(null);
    assert.deepEqual(second, { organizationId: first.organizationId, isNew: false, generatedKey: null });
  });

  it('takes the configured key as its owner key and generates none', async () => {
    const { generatedKey } = await ensure(configured);
    assert.equal(generatedKey, null);
    assert.equal(await roleOf(configured), 'owner');
  });

  it('ends a configured key that is not configured any more, and keeps the installation reachable', async () => {
    await ensure(configured);
    await ensure(`${configured}-2`);
    assert.equal(await roleOf(configured), undefined);
    assert.equal(await roleOf(`${configured}-2`), 'owner');
    const { generatedKey } = await ensure(null);
    assert.equal(await roleOf(`${configured}-2`), undefined);
    assert.equal(await roleOf(String(generatedKey)), 'owner');
  });

  it('is one organization with one root user when several servers start at once', async () => {
    const starts = await Promise.all(Array.from({ length: 4 }, () => ensure(configured)));
    assert.equal(starts.filter(({ isNew }) => isNew).length, 1);
    assert.equal(new Set(starts.map(({ organizationId }) => organizationId)).size, 1);
    assert.equal((await credentials.listOrganizations({ after: null, limit: 10 })).items.length, 1);
    assert.equal(await roleOf(configured), 'owner');
  });

  it('gets another owner key on the server itself for whoever has lost the first one', async () => {
    await ensure(null);
    assert.equal(await roleOf(await rescue()), 'owner');
  });
});
