import type {
  GraphConnection,
  GraphSubscription,
  GraphSubscriptions,
  NewGraphSubscription,
  SubscribeOutcome,
} from '../operations/tenants/graph-ports.ts';
import type { GraphCall } from './graph-call.ts';
import { errorCodeOf, type GraphAnswer, refusalOf } from './graph-failure.ts';
import { type Fields, readFields, readOptionalText, readText } from './read-json.ts';
import { type GraphAccess, readPages } from './read-pages.ts';
import { USER_PERMISSION } from './read-user.ts';

/** Of users and groups: 41,760 minutes, less what two clocks may differ by. */
const MAX_LIFETIME_MINUTES = 41_700;
/** Graph raises anything below to this. */
const MIN_LIFETIME_MINUTES = 45;
const CALL_BUDGET_MS = 30_000;
/** Creation waits for Graph to call the notification addresses. */
const CREATE_BUDGET_MS = 60_000;

export function makeGraphSubscriptions(access: GraphAccess): GraphSubscriptions {
  return {
    create: (connection, subscription, signal) => create(access, connection, subscription, signal),
    renew: async (connection, { id, lifetimeMinutes }, signal) => {
      const answer = await call(access, connection, {
        name: 'renewal of a subscription',
        method: 'PATCH',
        url: `/subscriptions/${encodeURIComponent(id)}`,
        body: { expirationDateTime: endOf(access, lifetimeMinutes) },
        signal,
      });
      return answer === null ? null : readSubscription(readFields(answer.body, 'a subscription'));
    },
    reauthorize: async (connection, id, signal) => {
      const answer = await call(access, connection, {
        name: 'reauthorization of a subscription',
        method: 'POST',
        url: `/subscriptions/${encodeURIComponent(id)}/reauthorize`,
        // Doing it twice is doing it once.
        isRepeatable: true,
        signal,
      });
      return answer !== null;
    },
    delete: async (connection, id, signal) => {
      await call(access, connection, {
        name: 'deletion of a subscription',
        method: 'DELETE',
        url: `/subscriptions/${encodeURIComponent(id)}`,
        signal,
      });
    },
    list: (connection, signal) => list(access, connection, signal),
  };
}

async function create(
  access: GraphAccess,
  connection: GraphConnection,
  subscription: NewGraphSubscription,
  signal: AbortSignal,
): Promise<SubscribeOutcome> {
  const { resource, notificationUrl, lifecycleNotificationUrl, clientState, lifetimeMinutes } = subscription;
  const name = 'creation of a subscription';
  const answer = await access.client.send(connection, {
    name,
    method: 'POST',
    url: '/subscriptions',
    body: {
      // `updated` covers creation, soft deletion and restoration; `deleted` is for good.
      changeType: 'updated,deleted',
      notificationUrl,
      // Can only be set now.
      lifecycleNotificationUrl,
      resource,
      expirationDateTime: endOf(access, lifetimeMinutes),
      clientState,
    },
    units: 1,
    budgetMs: CREATE_BUDGET_MS,
    signal,
  });
  if (answer.status === 201 || answer.status === 200) {
    return { kind: 'subscribed', subscription: readSubscription(readFields(answer.body, 'a subscription')) };
  }
  return refusedCreation(answer, name);
}

/** Change notifications only make changes arrive sooner, so most refusals are no failure. */
function refusedCreation(answer: GraphAnswer, name: string): SubscribeOutcome {
  const { status } = answer;
  const code = errorCodeOf(answer.body);
  if (status === 403 && code !== 'Authorization_RequestDenied') {
    return {
      kind: 'quotaReached',
      detail:
        'Microsoft Graph gives no more subscriptions to this application or tenant. Changes are found by asking.',
    };
  }
  if (status === 400 && /validation|InvalidRequest/i.test(code)) {
    return {
      kind: 'unreachable',
      detail:
        'Microsoft Graph did not get the right answer at the notification address. The public URL of this server must be ' +
        'https and reachable from the internet. Until then changes are found by asking.',
    };
  }
  throw refusalOf(answer, name, USER_PERMISSION);
}

type ShortCall = Omit<GraphCall, 'units' | 'budgetMs'>;

/** The answer, or null when Graph does not know the subscription. */
async function call(
  { client }: GraphAccess,
  connection: GraphConnection,
  short: ShortCall,
): Promise<GraphAnswer | null> {
  const answer = await client.send(connection, { ...short, units: 1, budgetMs: CALL_BUDGET_MS });
  if (answer.status === 404) return null;
  if (answer.status < 200 || answer.status >= 300) throw refusalOf(answer, short.name, USER_PERMISSION);
  return answer;
}

async function list(
  access: GraphAccess,
  connection: GraphConnection,
  signal: AbortSignal,
): Promise<readonly GraphSubscription[]> {
  const found: GraphSubscription[] = [];
  const pages = readPages(access, connection, {
    name: 'subscriptions',
    url: '/subscriptions',
    permission: USER_PERMISSION,
    units: 1,
    budgetMs: CALL_BUDGET_MS,
    signal,
  });
  for await (const rows of pages) found.push(...rows.map(readSubscription));
  return found;
}

const endOf = ({ client }: GraphAccess, lifetimeMinutes: number): string => {
  const minutes = Math.min(MAX_LIFETIME_MINUTES, Math.max(MIN_LIFETIME_MINUTES, lifetimeMinutes));
  return new Date(client.timing.now() + minutes * 60_000).toISOString();
};

/** `clientState` comes back as null, or not at all. */
const readSubscription = (row: Fields): GraphSubscription => ({
  id: readText(row, 'id'),
  resource: readOptionalText(row, 'resource') ?? '',
  notificationUrl: readOptionalText(row, 'notificationUrl') ?? '',
  expiresAt: readText(row, 'expirationDateTime'),
});
