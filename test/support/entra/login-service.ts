import type { Answer, IncomingCall } from './answer.ts';
import { answerInstead, disturbAnswer, type FaultContext } from './apply-faults.ts';
import type { Faults } from './faults.ts';
import { GraphError } from './graph-error.ts';
import { answerLogin } from './login-router.ts';
import type { LoginWorld } from './login-world.ts';
import { bodyOfInterest, headersOfInterest, type RequestLog } from './request-log.ts';

export interface LoginDependencies {
  readonly world: LoginWorld;
  readonly faults: Faults;
  readonly log: RequestLog;
}

/** The identity platform, with its faults and its entry in the request log. */
export class LoginService {
  readonly #parts: LoginDependencies;

  constructor(parts: LoginDependencies) {
    this.#parts = parts;
  }

  async answer(call: IncomingCall): Promise<Answer> {
    const { world, faults, log } = this.#parts;
    const sequence = log.nextSequence();
    const parameters = new URLSearchParams(call.method === 'POST' ? call.body : call.query);
    const tenantName = call.path.split('/')[1] ?? '';
    const who = {
      tenantId: world.tenants.find(tenantName)?.id ?? null,
      appId: parameters.get('client_id'),
    };
    const active = faults.strike({ ...call, ...who });
    const context = contextOf(call, world.clock.wall());
    const answer = disturbAnswer(active, context, answerInstead(active, context) ?? answerLogin(world, call));
    log.add({
      sequence,
      at: world.clock.wall(),
      service: 'login',
      method: call.method,
      host: call.host,
      path: call.path,
      query: call.query,
      headers: headersOfInterest(call.headers),
      tokenId: null,
      ...who,
      body: bodyOfInterest(call),
      status: answer.status,
      cost: 0,
      faults: active.map(({ id }) => id),
      batch: null,
    });
    return answer;
  }
}

function contextOf(call: IncomingCall, now: number): FaultContext {
  return {
    service: 'login',
    now,
    clientRequestId: call.headers['client-request-id'],
    url: `${call.origin}${call.path}`,
    strangerOrigin: '',
    resync: () => new GraphError(410, 'resyncRequired', 'There is nothing to read again here.'),
    scope: '',
  };
}
