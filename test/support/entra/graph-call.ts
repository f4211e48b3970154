import { type Answer, jsonAnswer } from './answer.ts';
import type { Caller } from './caller.ts';
import type { DeliverySettings } from './delivery-settings.ts';
import type { ObjectDelta } from './delta-changes.ts';
import type { DirectoryObject } from './directory-object.ts';
import type { EmulatorClock } from './emulator-clock.ts';
import { badRequest, notFound } from './graph-error.ts';
import type { ODataQuery } from './odata-query.ts';
import type { OpaqueTokens } from './opaque-token.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { TenantDirectory } from './tenant-directory.ts';

export interface GraphWorld {
  readonly clock: EmulatorClock;
  readonly tokens: OpaqueTokens;
  readonly subscriptions: Subscriptions;
  readonly delivery: DeliverySettings;
  /** Changes that delta rounds have gathered, for their next pages. */
  readonly gathered: Map<string, readonly ObjectDelta[]>;
}

/** One request to Graph, after its token was checked. */
export interface GraphCall {
  readonly world: GraphWorld;
  readonly tenant: TenantDirectory;
  readonly caller: Caller;
  readonly method: string;
  /** Below the version, without a slash in front. */
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: ODataQuery;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** With the version: what links in the answer begin with. */
  readonly root: string;
}

export function entityAnswer(call: GraphCall, context: string, value: object, status = 200): Answer {
  return jsonAnswer(status, { '@odata.context': `${call.root}/$metadata#${context}`, ...value }, ODATA);
}

/** Parameters of the media type, as Graph writes them. */
export const ODATA = {
  'content-type':
    'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8',
  'odata-version': '4.0',
} as const;

/** The user of the path, by id or by name. */
export function expectUser(call: GraphCall): DirectoryObject {
  const name = call.parameters['id'] ?? '';
  const { users } = call.tenant;
  const user = users.live(call.tenant.findUserId(name) ?? '');
  if (!user) throw notFound(name);
  return user;
}

export function expectGroup(call: GraphCall): DirectoryObject {
  const id = call.parameters['id'] ?? '';
  const group = call.tenant.groups.live(id);
  if (!group) throw notFound(id);
  return group;
}

export function readObject(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw badRequest('The body has to be a JSON object.');
  }
  // Every member is looked at before it is used.
  return body as Readonly<Record<string, unknown>>;
}

export function readIds(value: unknown, name: string): readonly string[] {
  if (!Array.isArray(value) || !value.every((id): id is string => typeof id === 'string')) {
    throw badRequest(`'${name}' has to be a list of ids.`);
  }
  return value;
}
