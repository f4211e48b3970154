import { isGuid } from '../../directory/object-id.ts';
import type { OrganizationContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';
import type { AzureConnectDependencies } from '../tenants/azure-connect.ts';
import { applicationKeyOwner, graphConnectionOf, isConnected } from '../tenants/graph-connection.ts';
import { GraphError } from '../tenants/graph-ports.ts';
import type { RecoverConnection } from '../tenants/recover-connection.ts';
import { foundConnection } from './change-connection.ts';
import { checkGraphSetup, graphCheckIds, missingConsent } from './check-graph-setup.ts';
import { checkLocalSetup, isPublicHost, type LocalSetup, loadLocalSetup } from './check-local-setup.ts';
import type { Connection } from './connection-ports.ts';
import { fail, pass, type SetupCheck, skipped, warn } from './setup-check.ts';

export interface CheckSetupDependencies extends AzureConnectDependencies {
  readonly recover: RecoverConnection;
  readonly publicUrl: string;
}

export type CheckSetup = (context: OrganizationContext, id: string) => Promise<readonly SetupCheck[]>;

/** Somebody waits; a check that has no answer by then is `skipped`. */
const budgetMs = 12_000;
const dayMs = 86_400_000;
/** Azure lets no new client secret live longer than two years. */
const oldKeyDays = 670;
const soonDays = 30;

/**
 * The setup doctor: everything that has to be right for a connection, each with what to do. Changes nothing, but a
 * connection that Microsoft refused is connected again when it refuses no more.
 */
export function makeCheckSetup(dependencies: CheckSetupDependencies): CheckSetup {
  const { unitOfWork, clock, publicUrl } = dependencies;
  return async (context, id) => {
    const signal = AbortSignal.timeout(budgetMs);
    const present = await unitOfWork.read(context, ({ connections }) => connections.get(id));
    await askAgain(dependencies, context, foundConnection(present, id), signal);
    const setup = await unitOfWork.read(context, async (stores) =>
      loadLocalSetup(stores, foundConnection(await stores.connections.get(id), id)),
    );
    const local = checkLocalSetup(setup, publicUrl, clock.now());
    if (setup.connection.kind === 'scim') return local;
    const [tenant, graph] = await Promise.all([
      checkTenant(dependencies, setup.connection, signal),
      checkGraph(dependencies, context, setup, signal),
    ]);
    return [
      tenant,
      checkApplicationId(setup.connection),
      checkKey(dependencies, setup.connection),
      checkKeyAge(dependencies, setup.connection),
      checkRedirectUri(dependencies.redirectUri, setup.connection),
      ...graph,
      checkReads(setup, clock.now()),
      checkNotifications(setup, publicUrl, clock.now()),
      ...local,
    ];
  };
}

/** What comes of it is in the checks: also that there is nothing to ask with, or no answer. */
async function askAgain(
  { recover }: CheckSetupDependencies,
  context: OrganizationContext,
  connection: Connection,
  signal: AbortSignal,
): Promise<void> {
  try {
    await recover(context, connection, signal);
  } catch (error) {
    if (!(error instanceof OperationError) && !signal.aborted) throw error;
  }
}

async function checkTenant(
  { tenants }: CheckSetupDependencies,
  { cloud, tenant, tenantId }: Connection,
  signal: AbortSignal,
): Promise<SetupCheck> {
  const id = 'tenant';
  const named = tenant ?? tenantId ?? '';
  try {
    const answer = await tenants.resolve(cloud, named, signal);
    if (answer.kind !== 'found') return fail(id, answer.detail, 'Correct tenant or cloud of the connection.');
    if (tenantId !== null && answer.tenantId !== tenantId) {
      const detail = `${named} now belongs to the tenant ${answer.tenantId}; the connection is for ${tenantId}.`;
      return fail(id, detail, `Enter ${tenantId} as the tenant, or the current domain of that directory.`);
    }
    if (tenantId === null) {
      const fix = 'Use Azure Connect, which keeps the id.';
      return warn(id, `The id of ${named} is ${answer.tenantId}, and not stored yet.`, fix);
    }
    return pass(id, `The tenant is ${tenantId}.`);
  } catch (error) {
    if (!(error instanceof GraphError) && !signal.aborted) throw error;
    return skipped(id, 'The identity platform could not be asked; try again later.');
  }
}

const checkApplicationId = ({ applicationId }: Connection): SetupCheck =>
  applicationId === null
    ? fail(
        'applicationId',
        'The connection has no application id.',
        'Copy the Application (client) ID from the overview of the app registration.',
      )
    : pass('applicationId', `The application is ${applicationId}.`);

/** The key in clear, null when there is none, or why it cannot be opened. */
function openKey(
  { encryption }: CheckSetupDependencies,
  { id, applicationKeyEncrypted }: Connection,
): { readonly key: string | null } | { readonly failure: string } {
  if (applicationKeyEncrypted === null) return { key: null };
  try {
    return { key: encryption.decrypt(applicationKeyEncrypted, applicationKeyOwner(id)) };
  } catch {
    return { failure: 'The application key cannot be opened; was ENCRYPTION_KEY changed?' };
  }
}

function checkKey(dependencies: CheckSetupDependencies, connection: Connection): SetupCheck {
  const id = 'applicationKey';
  const opened = openKey(dependencies, connection);
  if ('failure' in opened) return fail(id, opened.failure, 'Paste the application key again.');
  const { key } = opened;
  if (key === null) {
    const fix = 'Create a client secret under Certificates & secrets and paste its Value.';
    return fail(id, 'The connection has no application key.', fix);
  }
  if (isGuid(key)) {
    const fix = 'Paste the Value. Azure shows it only once; if it is gone, create a new client secret.';
    return fail(id, 'The application key looks like the Secret ID of the client secret.', fix);
  }
  const facts = dependencies.signIn.describeKey(key);
  if (facts.kind === 'unusable') return fail(id, facts.detail, 'Paste the certificate and its private key.');
  return pass(id, facts.kind === 'secret' ? 'A client secret is stored.' : 'A certificate is stored.');
}

function checkKeyAge(dependencies: CheckSetupDependencies, connection: Connection): SetupCheck {
  const id = 'applicationKeyAge';
  const opened = openKey(dependencies, connection);
  const key = 'key' in opened ? opened.key : null;
  if (key === null) return skipped(id, 'There is no application key that could be looked at.');
  const now = Date.parse(dependencies.clock.now());
  const facts = dependencies.signIn.describeKey(key);
  const fix = 'Create a new one in the app registration and paste it here; the connection stays connected.';
  if (facts.kind === 'certificate') {
    const days = Math.floor((Date.parse(facts.expiresAt) - now) / dayMs);
    const detail = `The certificate expires on ${facts.expiresAt.slice(0, 10)}.`;
    return days < soonDays ? warn(id, detail, fix) : pass(id, detail);
  }
  const setAt = connection.applicationKeySetAt;
  if (setAt === null) return skipped(id, 'It is not known when the application key was entered.');
  const age = Math.floor((now - Date.parse(setAt)) / dayMs);
  const detail = `The application key was entered ${age === 1 ? '1 day' : `${age} days`} ago. Azure alone knows when it expires.`;
  return age >= oldKeyDays ? warn(id, detail, fix) : pass(id, detail);
}

function checkRedirectUri(redirectUri: string, { graphFlow, status }: Connection): SetupCheck {
  const id = 'redirectUri';
  const { protocol, hostname } = new URL(redirectUri);
  const fix = `Add ${redirectUri} under Authentication of the app registration as a redirect URI of type Web.`;
  if (protocol !== 'https:' && hostname !== 'localhost') {
    const how = 'Set PUBLIC_URL to an https address; http is only accepted for http://localhost.';
    return fail(id, `Azure accepts no redirect URI like ${redirectUri}.`, how);
  }
  if (graphFlow === 'delegated' && status === 'connected')
    return pass(id, `Sign-ins come back to ${redirectUri}.`);
  return skipped(
    id,
    `Sign-ins will come back to ${redirectUri}; the first one shows whether that is entered.`,
    fix,
  );
}

function checkNotifications(
  { connection, subscriptions }: LocalSetup,
  publicUrl: string,
  now: string,
): SetupCheck {
  const id = 'notifications';
  const alive = subscriptions.filter(({ expiresAt }) => expiresAt > now).map(({ resource }) => resource);
  if (alive.length === 2) return pass(id, 'Microsoft Graph sends notifications of changes.');
  if (alive.length === 1) {
    const fix =
      'Subscribing to groups takes Group.Read.All; users take User.Read.All. Grant what is missing.';
    return warn(
      id,
      `Notifications of changes come for ${alive.join()} only; others are found by asking.`,
      fix,
    );
  }
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol !== 'https:' || !isPublicHost(hostname)) {
    return warn(
      id,
      `Microsoft Graph cannot send notifications to ${publicUrl}; changes are found by asking instead.`,
      'Set PUBLIC_URL to an https address that is reached from the internet.',
    );
  }
  if (connection.lastSyncAt === null)
    return skipped(id, `Notifications will be sent to ${publicUrl} after the first sync.`);
  return warn(
    id,
    `Microsoft Graph did not reach ${publicUrl}, or has no room for more subscriptions; changes are found by asking.`,
    'Let requests to this address through the firewall and the proxy; it is tried again every hour.',
  );
}

/** Longer than any pause between reads. */
const staleMinutes = 15;

function checkReads({ connection }: LocalSetup, now: string): SetupCheck {
  const id = 'directoryReads';
  if (!isConnected(connection)) return skipped(id, notConnected);
  if (connection.lastSyncAt === null)
    return warn(id, 'The directory has not been read yet.', 'Start a sync of the connection.');
  const minutes = Math.floor((Date.parse(now) - Date.parse(connection.lastGraphSuccessAt ?? '')) / 60_000);
  return minutes < staleMinutes
    ? pass(id, 'The directory is read regularly.')
    : warn(
        id,
        `The directory was read ${minutes} minutes ago for the last time.`,
        'Look at the sync runs of the connection and at the other checks.',
      );
}

async function checkGraph(
  dependencies: CheckSetupDependencies,
  context: OrganizationContext,
  { connection, rules }: LocalSetup,
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const { encryption, redirectUri, signIn } = dependencies;
  const flow = connection.graphFlow ?? 'delegated';
  const cannot = (detail: string) => graphCheckIds(flow).map((id) => skipped(id, detail));
  try {
    if (connection.graphFlow === null && connection.status !== 'consentRequired') {
      return unconnected(connection, cannot(notConnected));
    }
    const target = graphConnectionOf(context, connection, { flow, encryption });
    if (connection.graphFlow === null) {
      const others = unconnected(connection, cannot(notConnected));
      const consent = missingConsent(
        signIn,
        { target, redirectUri },
        connection.statusDetail ?? notConnected,
      );
      return others.map((check) => (check.id === consent.id ? consent : check));
    }
    return await checkGraphSetup({ target, connection, rules, redirectUri }, dependencies, signal);
  } catch (error) {
    if (error instanceof OperationError) return cannot(error.message);
    if (signal.aborted) return cannot('Microsoft did not answer in time.');
    throw error;
  }
}

const notConnected = 'The tenant has not been connected yet.';

const unconnected = ({ statusDetail }: Connection, checks: readonly SetupCheck[]): readonly SetupCheck[] =>
  checks.map((check) =>
    check.id === 'signIn' ? fail(check.id, statusDetail ?? notConnected, 'Use Azure Connect.') : check,
  );
