import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { AdminConsentScript } from '../../support/entra/login-world.ts';
import { useGraphWorld } from '../graph-world.ts';

/** One answer of the identity platform at the redirect URI, what the browser is shown, and what becomes of the connection. */
interface CallbackCase {
  readonly id: string;
  readonly when: string;
  /** Goes through the consent page of an administrator instead of `request`. */
  readonly given?: { readonly adminConsent: AdminConsentScript };
  readonly request?: { readonly method: string; readonly query: string };
  /** An attempt to connect afterwards. */
  readonly then?: { readonly mode: 'application' };
  readonly expect: {
    readonly status: number;
    /** Each stands on the page. */
    readonly text: readonly string[];
    readonly connection: Readonly<Record<string, unknown>>;
  };
}

// The file is part of this test.
const cases: readonly CallbackCase[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'consent.json'), 'utf8'),
);

const world = useGraphWorld();

const fill = <Value>(value: Value, names: Readonly<Record<string, string>>): Value =>
  JSON.parse(JSON.stringify(value).replaceAll(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole));

async function addressOf(wireCase: CallbackCase, applicationId: string): Promise<URL> {
  const { given, request } = wireCase;
  if (request) return new URL(`${world.redirectUri}?${request.query}`);
  assert.ok(given, 'the case has neither a request nor a script');
  world.emulator.scriptAdminConsent(given.adminConsent);
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: 'https://graph.microsoft.com/.default',
    redirect_uri: world.redirectUri,
    state: 'consent',
  });
  return world.signIn(`${world.emulator.loginUrl}/${world.tenant.id}/v2.0/adminconsent?${query}`);
}

describe('answers of the identity platform at the redirect URI', () => {
  for (const wireCase of cases) {
    it(`${wireCase.id}: ${wireCase.when}`, async () => {
      const { id, applicationId } = await world.createConnection();
      const other = world.emulator.addTenant({ domains: [`${crypto.randomUUID()}.example`] });
      const state = new URL(await world.beginSignIn(id)).searchParams.get('state') ?? '';
      const filled = fill(wireCase, { tenantId: world.tenant.id, otherTenantId: other.id, state });
      const page = await world.open(await addressOf(filled, applicationId));
      assert.equal(page.status, filled.expect.status);
      for (const text of filled.expect.text) assert.ok(page.text.includes(text), `${text} in ${page.text}`);
      if (filled.then) assert.equal((await world.tryApplication(id)).status, 200);
      const { body } = await world.connection(id);
      for (const [name, value] of Object.entries(filled.expect.connection))
        assert.deepEqual(body[name], value, name);
      assert.deepEqual(world.strangers(), []);
    });
  }
});
