import { randomBytes, randomUUID } from 'node:crypto';
import { type Answer, emptyAnswer } from './answer.ts';
import { reachable } from './delivery-settings.ts';
import { MINUTE, SECOND } from './emulator-clock.ts';
import { entityAnswer, type GraphCall, readObject } from './graph-call.ts';
import { GraphError, notFound } from './graph-error.ts';
import { requirePermission } from './permissions.ts';
import type { Subscription } from './subscriptions.ts';

/** Shorter ones are made this long; longer ones than the other are refused. */
const SHORTEST = 45 * MINUTE;
const LONGEST = 41_760 * MINUTE;
const MAX_CLIENT_STATE = 128;
const HANDSHAKE_TIMEOUT = 10 * SECOND;

const RESOURCES = /^(users|groups|users\/[^/]+|groups\/[^/]+|groups\/[^/]+\/(members|owners))$/;

function invalid(message: string): GraphError {
  return new GraphError(400, 'InvalidRequest', message);
}

export async function createSubscription(call: GraphCall): Promise<Answer> {
  const { tenant, caller, world } = call;
  const body = readObject(call.body);
  const resource = readText(body, 'resource').replace(/^\//, '');
  if (!RESOURCES.test(resource)) throw invalid(`The resource '${resource}' cannot be subscribed to.`);
  requirePermission(caller, resource.startsWith('users') ? 'subscribeUsers' : 'subscribeGroups');
  const subscription: Subscription = {
    id: randomUUID(),
    tenantId: tenant.id,
    appId: caller.appId,
    creatorId: caller.userId ?? caller.appId,
    resource,
    changeTypes: readChangeTypes(readText(body, 'changeType')),
    notificationUrl: readUrl(body, 'notificationUrl'),
    lifecycleNotificationUrl:
      body['lifecycleNotificationUrl'] === undefined ? null : readUrl(body, 'lifecycleNotificationUrl'),
    clientState: readClientState(body['clientState']),
    expiresAt: readExpiry(call, readText(body, 'expirationDateTime')),
    awaitsReauthorization: false,
  };
  const quota = world.subscriptions.exceededQuota(tenant.id, caller.appId, tenant.settings.subscriptionQuota);
  if (quota !== undefined) {
    throw new GraphError(403, 'Forbidden', `The ${quota} has as many subscriptions as it may have.`);
  }
  const { notificationUrl, lifecycleNotificationUrl } = subscription;
  await shakeHands(reachable(notificationUrl, world.delivery));
  if (lifecycleNotificationUrl !== null)
    await shakeHands(reachable(lifecycleNotificationUrl, world.delivery));
  world.subscriptions.add(subscription);
  return entityAnswer(call, 'subscriptions/$entity', represent(subscription), 201);
}

function readText(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw invalid(`'${name}' is missing.`);
  return value;
}

/** There is no `created` here: creation, soft delete and restore are updates. */
function readChangeTypes(text: string): readonly string[] {
  const types = text.split(',').map((type) => type.trim());
  const unknown = types.find((type) => type !== 'updated' && type !== 'deleted');
  if (unknown !== undefined)
    throw invalid(`The change type '${unknown}' is not supported for this resource.`);
  return types;
}

/** Real ones are `https:`; a test listens on the loopback address without it. */
function readUrl(body: Readonly<Record<string, unknown>>, name: string): string {
  const text = readText(body, name);
  if (!URL.canParse(text)) throw invalid(`'${name}' is not a URL.`);
  const { protocol, hostname } = new URL(text);
  const isLoopback = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback))
    throw invalid(`'${name}' has to be https.`);
  return text;
}

function readClientState(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || value.length > MAX_CLIENT_STATE) {
    throw invalid(`'clientState' has to be a text of at most ${MAX_CLIENT_STATE} characters.`);
  }
  return value;
}

function readExpiry({ world }: GraphCall, text: string): number {
  const now = world.clock.now();
  const time = Date.parse(text);
  if (Number.isNaN(time) || time <= now)
    throw invalid("'expirationDateTime' has to be a time in the future.");
  if (time > now + LONGEST) throw invalid(`Subscriptions live at most ${LONGEST / MINUTE} minutes.`);
  return Math.max(time, now + SHORTEST);
}

/** The address has to echo what it is sent, decoded, as plain text, within ten seconds. */
async function shakeHands(address: string): Promise<void> {
  const token = `Validation: ${randomBytes(12).toString('base64')} <answer & echo>`;
  const url = `${address}${address.includes('?') ? '&' : '?'}validationToken=${encodeURIComponent(token)}`;
  let status: number;
  let type: string;
  let text: string;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      redirect: 'manual',
      signal: AbortSignal.timeout(HANDSHAKE_TIMEOUT),
    });
    status = response.status;
    type = response.headers.get('content-type') ?? '';
    text = await response.text();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GraphError(400, 'ValidationError', `The notification URL could not be reached: ${reason}`);
  }
  const escaped = token.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  if (status === 200 && type.startsWith('text/plain') && (text === token || text === escaped)) return;
  throw new GraphError(
    400,
    'ValidationError',
    `The notification URL answered ${status} ${type} and not the token.`,
  );
}

export function listSubscriptions(call: GraphCall): Answer {
  const mine = call.world.subscriptions.all.filter((subscription) => isOwn(call, subscription));
  return entityAnswer(call, 'subscriptions', { value: mine.map(represent) });
}

export function readSubscription(call: GraphCall): Answer {
  return entityAnswer(call, 'subscriptions/$entity', represent(expectSubscription(call)));
}

/** Renews and reauthorizes. Nothing but the expiry and the address may change. */
export function updateSubscription(call: GraphCall): Answer {
  const subscription = expectSubscription(call);
  const body = readObject(call.body);
  if (body['lifecycleNotificationUrl'] !== undefined) {
    throw invalid("'lifecycleNotificationUrl' is set when the subscription is created.");
  }
  subscription.expiresAt = readExpiry(call, readText(body, 'expirationDateTime'));
  subscription.awaitsReauthorization = false;
  return entityAnswer(call, 'subscriptions/$entity', represent(subscription));
}

export function deleteSubscription(call: GraphCall): Answer {
  call.world.subscriptions.remove(expectSubscription(call).id);
  return emptyAnswer(204);
}

/** Leaves the expiry as it is. */
export function reauthorizeSubscription(call: GraphCall): Answer {
  expectSubscription(call).awaitsReauthorization = false;
  return emptyAnswer(204);
}

function expectSubscription(call: GraphCall): Subscription {
  const id = call.parameters['id'] ?? '';
  const subscription = call.world.subscriptions.find(id);
  if (!subscription || !isOwn(call, subscription)) throw notFound(id);
  return subscription;
}

function isOwn({ caller, tenant }: GraphCall, { appId, tenantId }: Subscription): boolean {
  return appId === caller.appId && tenantId === tenant.id;
}

function represent(subscription: Subscription): object {
  return {
    id: subscription.id,
    resource: subscription.resource,
    applicationId: subscription.appId,
    changeType: subscription.changeTypes.join(','),
    // The secret is told once more to nobody.
    clientState: null,
    notificationUrl: subscription.notificationUrl,
    lifecycleNotificationUrl: subscription.lifecycleNotificationUrl,
    expirationDateTime: new Date(subscription.expiresAt).toISOString(),
    creatorId: subscription.creatorId,
    notificationQueryOptions: null,
    latestSupportedTlsVersion: 'v1_2',
    encryptionCertificate: null,
    encryptionCertificateId: null,
    includeResourceData: null,
    notificationUrlAppId: null,
  };
}
