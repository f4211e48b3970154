import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { type ScimConnection, startTestApp, type TestApp } from '../../support/app.ts';
import type { ProvisioningTokenInput } from '../../support/entra/mint-provisioning-token.ts';
import { type EntraEmulator, startEntraEmulator } from '../../support/entra/start-entra-emulator.ts';
import { executeSql } from '../../support/execute-sql.ts';
import { titleOf, type WireCase } from '../../support/wire-case.ts';
import { runSettledCase } from '../../support/wire-runner.ts';

const file = new URL('token-requests.json', import.meta.url);
const cases: readonly WireCase[] = JSON.parse(await readFile(file, 'utf8'));

/** What stands for what in the recorded requests. */
interface Names {
  readonly connection: ScimConnection;
  readonly tenants: Readonly<Record<string, string>>;
  readonly subjects: Readonly<Record<string, string>>;
  readonly applicationId: string;
  readonly placeholders: Readonly<Record<string, string>>;
}

describe('recorded requests of provisioning clients that prove themselves by OAuth', () => {
  let emulator: EntraEmulator;
  let app: TestApp;
  before(async () => {
    emulator = await startEntraEmulator();
    app = await startTestApp({ entra: emulator });
  });
  after(async () => {
    await app.stop();
    await emulator.stop();
  });

  for (const wireCase of cases) {
    test(titleOf(wireCase), async () => {
      const names = await setUp(app, emulator);
      const { connection } = names;
      if (wireCase.given.includes('jwks rotated')) {
        // The set is known from before the new key was published.
        await ask(app, connection, {
          client_assertion: mint(emulator, names, 'jwt:v2;tid=T1;aud=APPID;sub=SPOID'),
        });
        emulator.rotateKeys({ isPublished: true });
      }
      const failures = await runSettledCase(app, connection, settle(wireCase, emulator, names));
      assert.equal(failures.length, 0, `\n${failures.join('\n')}`);
    });
  }
});

async function setUp(app: TestApp, emulator: EntraEmulator): Promise<Names> {
  const newTenantId = () => emulator.addTenant({ domains: [`${randomUUID()}.example`] }).id;
  const tenants = { T1: newTenantId(), T2: newTenantId() };
  const subjects = { SPOID: randomUUID(), OTHER: randomUUID() };
  const applicationId = randomUUID();
  const connection = await app.createScimConnection();
  const path = `/connections/${connection.connectionId}/scim-credentials`;
  const create = async (body: object): Promise<{ id: string; secret: string }> => {
    const answer = await app.admin('POST', path, body);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body;
  };
  const expired = await create({ kind: 'clientSecret', name: 'expired' });
  await executeSql(
    app.databaseUrl,
    `update scim_credentials set expires_at = now() - interval '1 minute' where scim_credential_id = '${expired.id}'`,
  );
  const previous = await create({ kind: 'clientSecret', name: 'previous' });
  const current = await create({ kind: 'clientSecret', name: 'current' });
  await create({
    kind: 'federatedIdentity',
    name: 'federation',
    tenantId: tenants.T1,
    subject: subjects.SPOID,
    audiences: [applicationId],
  });
  await create({ kind: 'entraToken', name: 'blank secret', tenantId: tenants.T1 });
  const issued = await ask(app, connection, { client_secret: current.secret });
  const basic = Buffer.from(`${connection.connectionId}:${current.secret}`).toString('base64');
  return {
    connection,
    tenants,
    subjects,
    applicationId,
    placeholders: {
      base: connection.scimBaseUrl,
      expiredSecret: expired.secret,
      previousSecret: previous.secret,
      issuedAccessToken: issued.access_token,
      'b64(clientId:clientSecret)': basic,
    },
  };
}

async function ask(
  app: TestApp,
  { connectionId }: ScimConnection,
  proof: Record<string, string>,
): Promise<{ readonly access_token: string }> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: connectionId,
    ...(proof['client_assertion']
      ? { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' }
      : {}),
    ...proof,
  });
  const response = await fetch(`${app.baseUrl}/oauth/token`, { method: 'POST', body });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}

/** `jwt:v2;kid=rotated;iss=…;tid=T1;aud=APPID;sub=SPOID;exp=-300`, in which a name stands for an id of this run. */
function mint(emulator: EntraEmulator, names: Names, recipe: string): string {
  const parts = new Map(
    recipe
      .replace(/^jwt:/, '')
      .split(';')
      .map((part): [string, string] => {
        const [name = '', ...value] = part.split('=');
        return [name, value.join('=')];
      }),
  );
  const known: Readonly<Record<string, string>> = { ...names.tenants, ...names.subjects };
  const written = (text: string): string =>
    text.replaceAll(/\b(?:T1|T2|SPOID|OTHER|APPID)\b/g, (name) => known[name] ?? names.applicationId);
  const claims: Record<string, unknown> = {};
  for (const name of ['iss', 'tid', 'appid']) {
    const value = parts.get(name);
    if (value !== undefined) claims[name] = written(value);
  }
  const input: ProvisioningTokenInput = {
    version: parts.has('v1') ? 1 : 2,
    tenantId: known['T1'] ?? '',
    claims,
    ...(parts.has('aud') ? { audience: written(parts.get('aud') ?? '') } : {}),
    ...(parts.has('sub') ? { subject: written(parts.get('sub') ?? '') } : {}),
    ...(parts.has('exp') ? { expiresIn: Number(parts.get('exp')) } : {}),
    ...(parts.get('alg') === 'HS256' ? { defect: 'alg-hs256' } : {}),
  };
  return emulator.mintProvisioningToken(input);
}

function settle(wireCase: WireCase, emulator: EntraEmulator, names: Names): WireCase {
  const text = JSON.stringify(wireCase)
    .replaceAll('psa-conn-a', names.connection.connectionId)
    .replaceAll(/\{(jwt:[^}]+)\}/g, (_whole, recipe: string) => mint(emulator, names, recipe))
    .replaceAll(/\{([^{}"]+)\}/g, (whole, name: string) => names.placeholders[name] ?? whole)
    .replace('"path":"/oauth/token"', `"path":"${new URL(names.connection.scimBaseUrl).origin}/oauth/token"`);
  return JSON.parse(text);
}
