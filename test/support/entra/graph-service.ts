import { randomUUID } from 'node:crypto';
import type { AccessTokens } from './access-tokens.ts';
import type { Answer, IncomingCall } from './answer.ts';
import { answerInstead, disturbAnswer, type FaultContext } from './apply-faults.ts';
import { answerBatch } from './batch.ts';
import type { Caller } from './caller.ts';
import { serviceOfHost } from './clouds.ts';
import { resyncFor } from './delta-query.ts';
import type { Faults } from './faults.ts';
import type { GraphWorld } from './graph-call.ts';
import { GraphError, representError } from './graph-error.ts';
import { findRoute } from './graph-routes.ts';
import { ODataQuery } from './odata-query.ts';
import { requirePermission } from './permissions.ts';
import { bodyOfInterest, headersOfInterest, type RequestLog } from './request-log.ts';
import { costOf, type ResourceUnits } from './resource-units.ts';
import type { Tenants } from './tenants.ts';

export interface GraphDependencies {
  readonly world: GraphWorld;
  readonly tenants: Tenants;
  readonly accessTokens: AccessTokens;
  readonly units: ResourceUnits;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly strangerOrigin: () => string;
}

const VERSION = /^\/(v1\.0|beta)(\/.*)$/;

/** Microsoft Graph: one request, or one of those in a batch. */
export class GraphService {
  readonly #parts: GraphDependencies;

  constructor(parts: GraphDependencies) {
    this.#parts = parts;
  }

  async answer(call: IncomingCall, batch: number | null = null): Promise<Answer> {
    const { faults, log, accessTokens, world } = this.#parts;
    const sequence = log.nextSequence();
    const at = world.clock.wall();
    const caller = accessTokens.peek(call.headers['authorization']);
    const who = { tenantId: caller?.tenantId ?? null, appId: caller?.appId ?? null };
    const active = faults.strike({ ...call, ...who });
    const context = this.#contextOf(call, caller);
    const answer = disturbAnswer(
      active,
      context,
      answerInstead(active, context) ?? (await this.#answerReally(call, sequence, batch !== null)),
    );
    log.add({
      sequence,
      at,
      service: 'graph',
      method: call.method,
      host: call.host,
      path: call.path,
      query: call.query,
      headers: headersOfInterest(call.headers),
      tokenId: caller?.tokenId ?? null,
      ...who,
      body: bodyOfInterest(call),
      status: answer.status,
      cost: Number(answer.headers['x-ms-resource-unit'] ?? 0),
      faults: active.map(({ id }) => id),
      batch,
    });
    return answer;
  }

  #contextOf(call: IncomingCall, caller: Caller | undefined): FaultContext {
    const [, version = 'v1.0', path = '/'] = VERSION.exec(call.path) ?? [];
    const { world, strangerOrigin } = this.#parts;
    return {
      service: 'graph',
      now: world.clock.wall(),
      clientRequestId: call.headers['client-request-id'],
      url: `${call.origin}${call.path}${call.query === '' ? '' : `?${call.query}`}`,
      strangerOrigin: strangerOrigin(),
      resync: () =>
        resyncFor(world.tokens, `${call.origin}/${version}`, path.slice(1), new ODataQuery(call.query)),
      scope: `Tenant_Application/ReadWrite/${caller?.appId ?? ''}/${caller?.tenantId ?? ''}`,
    };
  }

  async #answerReally(call: IncomingCall, sequence: number, isInBatch: boolean): Promise<Answer> {
    const clientRequestId = call.headers['client-request-id'];
    const ids = {
      'request-id': randomUUID(),
      ...(clientRequestId ? { 'client-request-id': clientRequestId } : {}),
    };
    try {
      const answer = await this.#dispatch(call, sequence, isInBatch);
      return { ...answer, headers: { ...ids, ...answer.headers } };
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      const answer = representError(error, { now: this.#parts.world.clock.wall(), clientRequestId });
      return { ...answer, headers: { ...ids, ...answer.headers } };
    }
  }

  async #dispatch(call: IncomingCall, sequence: number, isInBatch: boolean): Promise<Answer> {
    const { accessTokens, tenants, units, world } = this.#parts;
    const [, version, path] = VERSION.exec(call.path) ?? [];
    if (version === undefined || path === undefined)
      throw new GraphError(404, 'BadRequest', 'Invalid version.');
    const caller = accessTokens.authenticate(call.headers['authorization']);
    const tenant = tenants.expect(caller.tenantId);
    const hosted = serviceOfHost(call.host);
    if (hosted && !hosted.clouds.includes(tenant.cloud)) {
      throw new GraphError(401, 'InvalidAuthenticationToken', 'The token is for another cloud.');
    }
    tenant.emptyRecycleBin();
    if (path === '/$batch' && call.method === 'POST' && !isInBatch) {
      return await answerBatch(call, tenant, (inner) => this.answer(inner, sequence));
    }
    const { route, parameters } = findRoute(call.method, path);
    const query = new ODataQuery(call.query);
    const cost = path === '/directoryObjects/getByIds' && query.get('select') ? 2 : costOf(route.cost, query);
    const charged = units.charge({
      caller,
      tenant,
      cost,
      // Functions are called by POST and write nothing.
      isWrite: call.method !== 'GET' && path.startsWith('/subscriptions'),
      now: world.clock.now(),
    });
    requirePermission(caller, route.access);
    const answer = await route.answer({
      world,
      tenant,
      caller,
      method: call.method,
      path: path.slice(1),
      parameters,
      query,
      headers: call.headers,
      body: readBody(call),
      root: `${call.origin}/${version}`,
    });
    return { ...answer, headers: { ...answer.headers, ...charged } };
  }
}

function readBody({ body, headers }: IncomingCall): unknown {
  if (body === '') return undefined;
  if (!headers['content-type']?.includes('json')) {
    throw new GraphError(415, 'UnsupportedMediaType', 'The body has to be JSON.');
  }
  try {
    const value: unknown = JSON.parse(body);
    return value;
  } catch {
    throw new GraphError(400, 'BadRequest', 'The body is not valid JSON.');
  }
}
