import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestApp, type TestApp } from '../support/app.ts';

const unknownId = '0199c1a0-0000-7000-8000-00000000ffff';

interface Named {
  readonly id: string;
  readonly name: string;
}

describe('reference data', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.stop());

  const made = async (path: string, body: object) => {
    const { status, body: item } = await app.admin('POST', path, body);
    assert.equal(status, 201, JSON.stringify(item));
    return item;
  };
  const listed = async (path: string) => (await app.admin('GET', `${path}?limit=200`)).body.items;
  const named = async (path: string, name: string) =>
    (await listed(path)).find((item: Named) => item.name === name);

  const lists = [
    ['/departments', {}],
    ['/locations', { isMain: false }],
    ['/job-titles', { isActive: true }],
    ['/employee-roles', { isDefault: false }],
    ['/security-roles', { isExternal: false, isActive: true, isSystem: false, isAdministrator: false }],
    ['/accounts', { domains: [] }],
  ] as const;

  for (const [path, initial] of lists) {
    describe(path, () => {
      it('creates an entry with its initial values and says where it is', async () => {
        const { status, headers, body } = await app.admin('POST', path, { name: ' Created ' });
        assert.equal(status, 201);
        const { id, createdAt, updatedAt, ...rest } = body;
        assert.deepEqual(rest, { name: 'Created', ...initial });
        assert.equal(createdAt, updatedAt);
        assert.equal(headers.get('location'), `/api/v1${path}/${id}`);
        const read = await app.admin('GET', `${path}/${id}`);
        assert.deepEqual(read.body, body);
        assert.equal(read.headers.get('etag'), headers.get('etag'));
      });

      it('lists the entry', async () => {
        const item = await made(path, { name: 'Listed' });
        assert.deepEqual(await named(path, 'Listed'), item);
      });

      it('renames with a merge patch and moves the ETag', async () => {
        const created = await app.admin('POST', path, { name: 'Before' });
        const changed = await app.admin('PATCH', `${path}/${created.body.id}`, { name: 'After' });
        assert.equal(changed.status, 200);
        assert.deepEqual(
          { ...changed.body, updatedAt: '' },
          { ...created.body, name: 'After', updatedAt: '' },
        );
        assert.notEqual(changed.headers.get('etag'), created.headers.get('etag'));
        const stale = { 'if-match': created.headers.get('etag') ?? '' };
        assert.equal(
          (await app.admin('PATCH', `${path}/${created.body.id}`, { name: 'x' }, stale)).status,
          412,
        );
        assert.equal((await app.admin('DELETE', `${path}/${created.body.id}`, undefined, stale)).status, 412);
        assert.equal((await app.admin('GET', `${path}/${created.body.id}`)).body.name, 'After');
      });

      it('keeps names unique without regard to case', async () => {
        const item = await made(path, { name: 'Unique name' });
        assert.equal((await app.admin('POST', path, { name: 'UNIQUE NAME' })).status, 409);
        const other = await made(path, { name: 'Another name' });
        assert.equal((await app.admin('PATCH', `${path}/${other.id}`, { name: 'unique name' })).status, 409);
        assert.equal((await app.admin('PATCH', `${path}/${item.id}`, { name: 'unique Name' })).status, 200);
      });

      it('refuses an absent, empty, blank or overlong name', async () => {
        for (const body of [{}, { name: '' }, { name: ' \t' }, { name: 'x'.repeat(201) }, { name: null }]) {
          const { status, body: problem } = await app.admin('POST', path, body);
          assert.equal(status, 400, JSON.stringify(body));
          assert.equal(problem.errors[0].pointer, '/name');
        }
      });

      it('deletes an unused entry', async () => {
        const { id } = await made(path, { name: 'Deleted' });
        assert.equal((await app.admin('DELETE', `${path}/${id}`)).status, 204);
        assert.equal((await app.admin('GET', `${path}/${id}`)).status, 404);
        assert.equal((await app.admin('DELETE', `${path}/${id}`)).status, 404);
        assert.equal((await app.admin('PATCH', `${path}/${id}`, { name: 'x' })).status, 404);
      });
    });
  }

  describe('entries in use', () => {
    it('are not deleted, and the problem names what uses them', async () => {
      const department = await made('/departments', { name: 'In use' });
      const title = await made('/job-titles', { name: 'Title in use' });
      const role = await made('/employee-roles', { name: 'Role in use' });
      const location = await made('/locations', { name: 'Location in use' });
      const securityRole = await made('/security-roles', { name: 'Security role in use' });
      const employee = await made('/employees', {
        username: 'user.of.lists',
        email: 'user.of.lists@example.com',
        firstName: 'User',
        lastName: 'Of Lists',
        departmentId: department.id,
        jobTitleId: title.id,
        employeeRoleId: role.id,
        locationId: location.id,
        securityRoleId: securityRole.id,
      });
      const used = [
        `/departments/${department.id}`,
        `/job-titles/${title.id}`,
        `/employee-roles/${role.id}`,
        `/locations/${location.id}`,
        `/security-roles/${securityRole.id}`,
      ];
      for (const path of used) {
        const { status, body } = await app.admin('DELETE', path);
        assert.equal(status, 409, path);
        assert.deepEqual(body.usedBy, [{ kind: 'employees', count: 1 }]);
        assert.match(body.detail, /1 employee\b/);
      }
      assert.equal((await app.admin('DELETE', `/employees/${employee.id}`)).status, 204);
      for (const path of used) assert.equal((await app.admin('DELETE', path)).status, 204, path);
    });

    it('of the employee defaults are not deleted', async () => {
      const department = await made('/departments', { name: 'A default' });
      await app.admin('PUT', '/employee-defaults', { departmentId: department.id });
      const { status, body } = await app.admin('DELETE', `/departments/${department.id}`);
      assert.equal(status, 409);
      assert.deepEqual(body.usedBy, [{ kind: 'employeeDefaults', count: 1 }]);
      await app.admin('PUT', '/employee-defaults', {});
      assert.equal((await app.admin('DELETE', `/departments/${department.id}`)).status, 204);
    });

    it('of a mapping rule are not deleted', async () => {
      const { connectionId } = await app.createScimConnection();
      const account = await made('/accounts', { name: 'Account of a rule' });
      const role = await made('/security-roles', { name: 'Role of a rule', isExternal: true });
      const rule = await made('/mapping-rules', {
        connectionId,
        groupId: 'portal',
        order: 1,
        userType: 'clientPortal',
        securityRoleId: role.id,
        accountId: account.id,
      });
      for (const path of [`/accounts/${account.id}`, `/security-roles/${role.id}`]) {
        const { status, body } = await app.admin('DELETE', path);
        assert.equal(status, 409);
        assert.deepEqual(body.usedBy, [{ kind: 'mappingRules', count: 1 }]);
      }
      await app.admin('DELETE', `/mapping-rules/${rule.id}`);
      assert.equal((await app.admin('DELETE', `/accounts/${account.id}`)).status, 204);
    });
  });

  describe('main location and default role', () => {
    it('belong to one entry at a time', async () => {
      for (const [path, mark] of [
        ['/locations', 'isMain'],
        ['/employee-roles', 'isDefault'],
      ] as const) {
        const first = await app.admin('POST', path, { name: 'First with the mark', [mark]: true });
        const second = await made(path, { name: 'Second with the mark' });
        const changed = await app.admin('PATCH', `${path}/${second.id}`, { [mark]: true });
        assert.equal(changed.body[mark], true);
        const marked = (await listed(path)).filter((item: Record<string, unknown>) => item[mark] === true);
        assert.deepEqual(
          marked.map(({ id }: Named) => id),
          [second.id],
        );
        const before = await app.admin('GET', `${path}/${first.body.id}`);
        assert.notEqual(before.headers.get('etag'), first.headers.get('etag'), 'losing the mark is a change');
      }
    });
  });

  describe('security roles', () => {
    it('of the product are there from the start', async () => {
      const roles = (await listed('/security-roles')).filter((role: { isSystem: boolean }) => role.isSystem);
      const facts = roles.map(({ name, isExternal, isAdministrator, isActive }: Record<string, unknown>) => [
        name,
        isExternal,
        isAdministrator,
        isActive,
      ]);
      assert.deepEqual(facts, [
        ['Administrator', false, true, true],
        ['Technician', false, false, true],
        ['Read Only', false, false, true],
        ['External User', true, false, true],
        ['External Manager', true, false, true],
      ]);
    });

    it('of the product can be renamed, but neither deleted nor changed in kind', async () => {
      const { id } = await named('/security-roles', 'External Manager');
      assert.equal((await app.admin('DELETE', `/security-roles/${id}`)).status, 409);
      for (const patch of [{ isExternal: false }, { isAdministrator: true }, { isSystem: false }]) {
        assert.equal(
          (await app.admin('PATCH', `/security-roles/${id}`, patch)).status,
          409,
          JSON.stringify(patch),
        );
      }
      assert.equal(
        (await app.admin('PATCH', `/security-roles/${id}`, { name: 'Portal Manager' })).status,
        200,
      );
      assert.equal(
        (await app.admin('PATCH', `/security-roles/${id}`, { name: 'External Manager' })).status,
        200,
      );
    });

    it('of the product cannot be made by anybody else', async () => {
      const { status } = await app.admin('POST', '/security-roles', { name: 'Fake', isSystem: true });
      assert.equal(status, 400);
    });

    it('Administrator stays active', async () => {
      const { id } = await named('/security-roles', 'Administrator');
      assert.equal((await app.admin('PATCH', `/security-roles/${id}`, { isActive: false })).status, 409);
    });

    it('in use do not change from internal to external', async () => {
      const role = await made('/security-roles', { name: 'Held' });
      const body = { username: 'holder', email: 'holder@example.com', firstName: 'H', lastName: 'H' };
      await made('/employees', { ...body, securityRoleId: role.id });
      const { status, body: problem } = await app.admin('PATCH', `/security-roles/${role.id}`, {
        isExternal: true,
      });
      assert.equal(status, 409);
      assert.deepEqual(problem.usedBy, [{ kind: 'employees', count: 1 }]);
    });

    it('that are a default are not made inactive', async () => {
      const role = await made('/security-roles', { name: 'Default role' });
      await app.admin('PUT', '/employee-defaults', { securityRoleId: role.id });
      assert.equal((await app.admin('PATCH', `/security-roles/${role.id}`, { isActive: false })).status, 409);
      await app.admin('PUT', '/employee-defaults', {});
      assert.equal((await app.admin('PATCH', `/security-roles/${role.id}`, { isActive: false })).status, 200);
    });
  });

  describe('accounts', () => {
    it('keep their domains in lower case, each once', async () => {
      const account = await made('/accounts', {
        name: 'Domains',
        domains: ['Fabrikam.Example', 'fabrikam.example'],
      });
      assert.deepEqual(account.domains, ['fabrikam.example']);
      const { body } = await app.admin('PATCH', `/accounts/${account.id}`, { domains: [] });
      assert.deepEqual(body.domains, []);
    });

    it('refuse domains that are none', async () => {
      for (const domains of [['a b'], ['@x'], [''], ['x'.repeat(254)], 'fabrikam.example', [null], null]) {
        const { status } = await app.admin('POST', '/accounts', { name: 'Bad domains', domains });
        assert.equal(status, 400, JSON.stringify(domains));
      }
    });

    it('have exactly one main location, whatever happens', async () => {
      const { id } = await made('/accounts', { name: 'With locations' });
      const path = `/accounts/${id}/locations`;
      const mains = async () =>
        (await listed(path))
          .filter((item: { isMain: boolean }) => item.isMain)
          .map(({ name }: Named) => name);
      assert.deepEqual(await mains(), ['Main']);

      const warehouse = await made(path, { name: 'Warehouse' });
      assert.equal(warehouse.accountId, id);
      assert.deepEqual(await mains(), ['Main']);
      const office = await made(path, { name: 'Office', isMain: true });
      assert.deepEqual(await mains(), ['Office']);
      await app.admin('PATCH', `${path}/${warehouse.id}`, { isMain: true });
      assert.deepEqual(await mains(), ['Warehouse']);
      assert.equal((await app.admin('PATCH', `${path}/${warehouse.id}`, { isMain: false })).status, 409);
      assert.equal((await app.admin('DELETE', `${path}/${warehouse.id}`)).status, 409);
      assert.equal((await app.admin('DELETE', `${path}/${office.id}`)).status, 204);
      assert.deepEqual(await mains(), ['Warehouse']);
    });

    it('show their locations under their own path only', async () => {
      const one = await made('/accounts', { name: 'One' });
      const other = await made('/accounts', { name: 'Other' });
      const location = await made(`/accounts/${one.id}/locations`, { name: 'Yard' });
      const foreign = `/accounts/${other.id}/locations/${location.id}`;
      assert.equal((await app.admin('GET', `/accounts/${one.id}/locations/${location.id}`)).status, 200);
      assert.equal((await app.admin('GET', foreign)).status, 404);
      assert.equal((await app.admin('PATCH', foreign, { name: 'Stolen' })).status, 404);
      assert.equal((await app.admin('DELETE', foreign)).status, 404);
      assert.equal((await app.admin('GET', `/accounts/${unknownId}/locations`)).status, 404);
      assert.equal((await app.admin('POST', `/accounts/${unknownId}/locations`, { name: 'x' })).status, 404);
    });

    it('may have locations of the same name as those of other accounts, but not twice the same', async () => {
      const one = await made('/accounts', { name: 'Same one' });
      const other = await made('/accounts', { name: 'Same other' });
      await made(`/accounts/${one.id}/locations`, { name: 'Same' });
      await made(`/accounts/${other.id}/locations`, { name: 'Same' });
      assert.equal((await app.admin('POST', `/accounts/${one.id}/locations`, { name: 'same' })).status, 409);
    });

    it('with contacts are not deleted, nor is the location of a contact', async () => {
      const account = await made('/accounts', { name: 'With a contact' });
      const location = await made(`/accounts/${account.id}/locations`, { name: 'Of the contact' });
      const contact = await made('/contacts', {
        accountId: account.id,
        accountLocationId: location.id,
        firstName: 'Con',
        lastName: 'Tact',
      });
      const paths = [`/accounts/${account.id}/locations/${location.id}`, `/accounts/${account.id}`];
      for (const path of paths) {
        const { status, body } = await app.admin('DELETE', path);
        assert.equal(status, 409);
        assert.deepEqual(body.usedBy, [{ kind: 'contacts', count: 1 }]);
      }
      await app.admin('DELETE', `/contacts/${contact.id}`);
      for (const path of paths) assert.equal((await app.admin('DELETE', path)).status, 204);
    });
  });

  it('makes one entry of two simultaneous requests with the same name', async () => {
    const requests = Array.from({ length: 6 }, () =>
      app.admin('POST', '/departments', { name: 'At the same time' }),
    );
    const statuses = (await Promise.all(requests)).map(({ status }) => status).sort();
    assert.deepEqual(statuses, [201, 409, 409, 409, 409, 409]);
  });
});
