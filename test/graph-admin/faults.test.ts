import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FaultEffect, FaultMatch } from '../support/entra/faults.ts';
import { SECRET, useGraphWorld } from './graph-world.ts';

const world = useGraphWorld();

const effects: readonly FaultEffect[] = [
  { kind: 'answer', status: 429, retryAfter: 1 },
  { kind: 'answer', status: 500 },
  { kind: 'answer', status: 503, retryAfter: 'tomorrow' },
  { kind: 'answer', status: 302, headers: { location: 'http://localhost:9/' } },
  { kind: 'answer', status: 400, body: 'no JSON' },
  {
    kind: 'answer',
    status: 403,
    body: { error: { code: '<script>', message: '<script>alert(1)</script>' } },
  },
  { kind: 'html', status: 200 },
  { kind: 'reset' },
  { kind: 'truncate' },
  { kind: 'invalid-json' },
  { kind: 'oversize', bytes: 20_000_000 },
  { kind: 'claims-challenge' },
];

const places: readonly (readonly [string, FaultMatch])[] = [
  ['the identity platform', { service: 'login', method: 'POST' }],
  ['the OpenID metadata', { service: 'login', method: 'GET' }],
  ['Microsoft Graph', { service: 'graph' }],
];

const nameOf = (effect: FaultEffect): string =>
  effect.kind === 'answer' ? `status ${effect.status}` : effect.kind;

describe('Azure Connect while something is broken', () => {
  for (const [place, match] of places) {
    for (const effect of effects) {
      it(`${nameOf(effect)} from ${place}: no failure of ours, nothing lost, and it works afterwards`, async () => {
        const { id, applicationId } = await world.createConnection();
        const roles = ['User.Read.All', 'GroupMember.Read.All'];
        world.emulator.consent({ tenantId: world.tenant.id, appId: applicationId, roles });
        const back = await world.signIn(await world.beginSignIn(id));
        // Reads of Graph are tried for long; one failure is what they outlast at once.
        world.emulator.injectFault({ match, effect, times: match.service === 'graph' ? 1 : 40 });

        const page = await world.open(back);
        assert.ok([200, 400, 503].includes(page.status), `${page.status}: ${page.text}`);
        assert.ok(!page.text.includes('<script'));
        const tried = await world.tryApplication(id);
        assert.ok([200, 503].includes(tried.status), JSON.stringify(tried.body));
        const begun = await world.app.admin('POST', `/connections/${id}/connect`, { mode: 'delegated' });
        assert.ok([200, 409, 503].includes(begun.status), JSON.stringify(begun.body));

        world.emulator.clearFaults();
        assert.equal((await world.connect(id)).status, 200);
        assert.equal((await world.connection(id)).body.status, 'connected');
        assert.equal((await world.tryApplication(id)).body.status, 'connected');
        assert.deepEqual(world.strangers(), []);
        assert.ok(!world.log.includes(SECRET));
      });
    }
  }
});
