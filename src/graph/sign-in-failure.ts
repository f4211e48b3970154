import { AuthError, ClientAuthErrorCodes, InteractionRequiredAuthError } from '@azure/msal-node';
import {
  type GraphConnection,
  GraphError,
  type GraphFailureKind,
} from '../operations/tenants/graph-ports.ts';
import { carriedFailure, unavailable } from './msal-network.ts';

/** Where it failed: at the redirect or its redemption, renewing a delegated token, or as the application. */
export type SignInStep = 'signIn' | 'renewal' | 'application';

/** What the identity platform said. */
export interface PlatformError {
  /** OAuth error, such as `invalid_client`. */
  readonly error: string;
  readonly description: string;
  readonly suberror?: string;
}

const consent =
  'An administrator of the tenant has to consent: connect again with an administrator account, tick "Consent on behalf of ' +
  'your organization" and accept.';

type Meaning = readonly [GraphFailureKind, string];

/** By the number after AADSTS, which is the only stable part of the descriptions. */
const meanings: Readonly<Record<number, Meaning>> = {
  65001: ['consentRequired', consent],
  65004: ['consentRequired', `The consent was declined. ${consent}`],
  90094: ['consentRequired', consent],
  90095: ['consentRequired', consent],
  7000229: ['consentRequired', consent],
  7000215: [
    'invalidSecret',
    'The application key is wrong. Paste the Value of the client secret; the Secret ID is something else.',
  ],
  7000222: [
    'invalidSecret',
    'The client secret has expired. Create a new one in the app registration and paste its Value.',
  ],
  7000218: [
    'invalidSecret',
    'The app registration wants a client secret or certificate. Paste the application key.',
  ],
  700027: [
    'invalidSecret',
    'The certificate is not the one in the app registration, or has expired. Upload it there, or paste the right one.',
  ],
  90002: [
    'tenantNotFound',
    'The tenant does not exist in this cloud. Check the tenant and the cloud of the connection.',
  ],
  900023: [
    'tenantNotFound',
    'The tenant is no domain name or id that exists. Check the tenant of the connection.',
  ],
  50011: [
    'signInRefused',
    'The app registration does not know the redirect URL. Add it there exactly as the setup page shows it.',
  ],
  50020: [
    'tenantMismatch',
    'Whoever signed in does not belong to the tenant of the connection. Sign in with an account of that tenant.',
  ],
  50105: [
    'signInRefused',
    'Whoever signed in is not assigned to the application. Assign them in the enterprise application, or sign in as ' +
      'somebody else.',
  ],
  50194: [
    'signInRefused',
    'The app registration is for one tenant only. Make it multi-tenant and connect again.',
  ],
  54005: ['signInRefused', 'The sign-in was used already. Connect again.'],
};

const fallbacks: Readonly<Record<SignInStep, Meaning>> = {
  signIn: ['signInRefused', 'The identity platform refused the sign-in. Connect again.'],
  renewal: [
    'signInRequired',
    'The sign-in of the connection has ended, for instance because of a password reset, a sign-in policy or 90 days ' +
      'without use. Connect again.',
  ],
  application: [
    'signInRefused',
    'The identity platform refused the application. Check the app registration.',
  ],
};

/** What an error of the identity platform means, as a sentence that says what to do. */
export function platformFailure(
  { error, description, suberror = '' }: PlatformError,
  connection: GraphConnection,
  step: SignInStep,
  cause?: unknown,
): GraphError {
  const number = Number(/AADSTS(\d{4,8})/.exec(description)?.[1] ?? Number.NaN);
  const [kind, sentence] = meaningOf(number, error, suberror, connection, step);
  const isUnknown = !(number in meanings) && kind !== 'consentRequired';
  // The number is what help pages are found by. The description names accounts and is left out.
  const hint = isUnknown && !Number.isNaN(number) ? ` (AADSTS${number})` : '';
  if (kind === 'unavailable') return unavailable(null, cause ?? null);
  return new GraphError(kind, `${sentence}${hint}`, cause === undefined ? {} : { cause });
}

function meaningOf(
  number: number,
  error: string,
  suberror: string,
  { applicationId, tenantId }: GraphConnection,
  step: SignInStep,
): Meaning {
  if (number === 700016) {
    return [
      'consentRequired',
      `Tenant ${tenantId} does not know application ${applicationId}. Check the application id; if it is right: ${consent}`,
    ];
  }
  const known = meanings[number];
  if (known) return known;
  if (error === 'temporarily_unavailable' || error === 'server_error') return ['unavailable', ''];
  if (error === 'consent_required' || suberror === 'consent_required') return ['consentRequired', consent];
  if (error === 'invalid_client') {
    return ['invalidSecret', 'The identity platform does not accept the application key. Paste a new one.'];
  }
  if (error === 'unauthorized_client') return ['consentRequired', consent];
  if (error === 'access_denied') return ['signInRefused', 'The sign-in was cancelled. Connect again.'];
  return fallbacks[step];
}

/** The same for an error that the sign-in library threw. */
export function signInFailure(error: unknown, connection: GraphConnection, step: SignInStep): GraphError {
  if (error instanceof GraphError) return error;
  const carried = carriedFailure(error);
  if (carried) return carried;
  if (!(error instanceof AuthError)) throw error;
  const { errorCode, errorMessage, subError } = error;
  if (isCheckFailure(errorCode)) {
    return new GraphError(
      'signInRefused',
      'The answer does not belong to the sign-in that was started. Connect again.',
      {
        cause: error,
      },
    );
  }
  const missing = error instanceof InteractionRequiredAuthError && errorCode === 'no_tokens_found';
  return platformFailure(
    {
      error: missing ? 'invalid_grant' : errorCode,
      description: numbered(error, errorMessage),
      suberror: subError,
    },
    connection,
    step,
    error,
  );
}

const isCheckFailure = (code: string): boolean =>
  code === ClientAuthErrorCodes.nonceMismatch || code === ClientAuthErrorCodes.stateMismatch;

/** The library keeps the number apart where the description lacks it. */
function numbered(error: AuthError, description: string): string {
  const number = 'errorNo' in error && error.errorNo ? String(error.errorNo) : '';
  return /^\d+$/.test(number) ? `AADSTS${number}: ${description}` : description;
}
