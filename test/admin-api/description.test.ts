import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import express from 'express';
import * as OpenApiValidator from 'express-openapi-validator';
import request from 'supertest';
import { methods, readOpenApiDocument } from '../../src/admin-api/openapi-document.ts';
import { formOfPattern } from '../../src/admin-api/validate-request.ts';
import { startTestApp, type TestApp } from '../support/app.ts';

const document = readOpenApiDocument();
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  methods.flatMap((method) => {
    const operation = item[method];
    return operation === undefined ? [] : [{ method, path, item, operation }];
  }),
);

describe('the description of the administration API', () => {
  it('is valid OpenAPI 3.1', async () => {
    const app = express();
    // The project's type of the document is narrower than the validator's.
    const apiSpec = structuredClone(document) as unknown as Parameters<
      typeof OpenApiValidator.middleware
    >[0]['apiSpec'];
    app.use(
      ...(OpenApiValidator.middleware({ apiSpec, validateApiSpec: true, validateSecurity: false }) as []),
    );
    app.use((_request, response) => {
      response.json({});
    });
    assert.match(document.openapi, /^3\.1\./);
    await request(app).get('/elsewhere').expect(200);
  });

  it('names every operation once and files it under a tag that exists', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    assert.equal(new Set(ids).size, ids.length);
    const tags = new Set(document.tags.map(({ name }) => name));
    for (const { operation } of operations) assert.ok(operation.tags.every((tag) => tags.has(tag)));
  });

  it('allows no unknown field in any body', () => {
    const schemas = Object.entries(document.components.schemas);
    for (const [name, schema] of schemas.filter(([name]) => /(?:Create|Patch|Put|Write)$/.test(name))) {
      assert.equal(schema.additionalProperties, false, name);
    }
  });

  it('has words for every form that it asks a field to have', () => {
    const patterns = JSON.stringify(document.components.schemas).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g);
    const all = [...patterns].map(([, text = '']) => String(JSON.parse(text)));
    assert.ok(all.length > 20);
    assert.deepEqual(
      all.filter((pattern) => !(pattern in formOfPattern)),
      [],
    );
  });
});

describe('addresses outside the administration API', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.stop());

  const get = async (path: string, method = 'GET') => {
    const response = await fetch(app.baseUrl + path, { method });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  it('serves the document with the address of this server, without a key', async () => {
    const { status, headers, text } = await get('/openapi.json');
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
    const served = JSON.parse(text);
    assert.deepEqual(served.servers, [{ url: `${app.baseUrl}/api/v1` }]);
    assert.deepEqual(served.paths, JSON.parse(JSON.stringify(document.paths)));
  });

  it('serves a readable reference that names every operation', async () => {
    const { status, headers, text } = await get('/docs');
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^text\/html/);
    for (const { operation, path } of operations) {
      assert.ok(text.includes(`id="${operation.operationId}"`), operation.operationId);
      assert.ok(text.includes(path), path);
    }
  });

  it('needs nothing from elsewhere and nothing that the content security policy forbids', async () => {
    const { headers, text } = await get('/docs');
    assert.match(headers.get('content-security-policy') ?? '', /script-src 'self'/);
    assert.doesNotMatch(text, /<script(?![^>]*\ssrc="docs\/script\.js")/);
    assert.doesNotMatch(text, /<style|\sstyle=|\son[a-z]+=/);
    assert.doesNotMatch(text, /(?:src|href)="(?:https?:)?\/\//);
    for (const path of ['/docs/style.css', '/docs/script.js'])
      assert.equal((await get(path)).status, 200, path);
    assert.match((await get('/docs/script.js')).headers.get('content-type') ?? '', /javascript/);
  });

  it('escapes what the document says', async () => {
    const { text } = await get('/docs');
    assert.ok(text.includes('Authorization: Bearer &lt;admin API key&gt;'));
  });

  it('sends the address with a slash to the one without', async () => {
    const response = await fetch(`${app.baseUrl}/docs/`);
    assert.equal(response.url, `${app.baseUrl}/docs`);
    assert.equal(response.status, 200);
  });

  it('answers other methods with 405', async () => {
    for (const path of ['/docs', '/openapi.json']) {
      const { status, headers } = await get(path, 'POST');
      assert.equal(status, 405);
      assert.equal(headers.get('allow'), 'GET, HEAD');
    }
  });

  describe('an address without anything', () => {
    it('is a problem that says where everything is', async () => {
      for (const [path, method] of [
        ['/api/v2/employees', 'GET'],
        ['/nowhere', 'POST'],
        ['/', 'DELETE'],
      ] as const) {
        const { status, headers, text } = await get(path, method);
        assert.equal(status, 404, path);
        assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/);
        assert.match(text, /under \/api\/v1, its reference at \/docs, SCIM under \/scim\/v2/);
      }
    });

    it('is not the one of the server itself: a browser is led to the reference', async () => {
      const response = await fetch(`${app.baseUrl}/`);
      assert.equal(response.url, `${app.baseUrl}/docs`);
      assert.equal(response.status, 200);
    });
  });
});
