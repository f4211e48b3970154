import type { ClientProof } from './prove-client.ts';

/** RFC 6749 §5.2. */
export type TokenErrorCode = 'invalid_request' | 'invalid_client' | 'unsupported_grant_type';

export type TokenRequest =
  | { readonly kind: 'request'; readonly clientId: string; readonly proof: ClientProof }
  | { readonly kind: 'refused'; readonly error: TokenErrorCode; readonly detail: string };

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const refuse = (error: TokenErrorCode, detail: string): TokenRequest => ({ kind: 'refused', error, detail });

interface Basic {
  readonly clientId: string;
  readonly secret: string;
}

/** RFC 6749 §2.3.1: both halves are form-encoded before they are joined; clients that forget it send the same for ours. */
function readBasic(authorization: string): Basic | null {
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(authorization)?.[1];
  if (encoded === undefined) return null;
  const [clientId, ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  if (clientId === undefined || rest.length === 0) return null;
  return { clientId: formDecoded(clientId), secret: formDecoded(rest.join(':')) };
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

const known = [
  'grant_type',
  'client_id',
  'client_secret',
  'client_assertion_type',
  'client_assertion',
  'scope',
] as const;

/**
 * Client credentials (RFC 6749 §4.4): the secret in the header or in the body, in both if they agree, or a client
 * assertion (RFC 7523 §2.2). `scope` is read and means nothing: a token is for the one connection of its client.
 */
export function readTokenRequest(body: string, authorization: string | undefined): TokenRequest {
  const form = new URLSearchParams(body);
  const repeated = known.find((name) => form.getAll(name).length > 1);
  if (repeated !== undefined) return refuse('invalid_request', `${repeated} is there more than once`);
  const grantType = form.get('grant_type');
  if (!grantType)
    return refuse('invalid_request', 'grant_type is missing; send grant_type=client_credentials');
  if (grantType !== 'client_credentials') {
    return refuse('unsupported_grant_type', 'Only grant_type=client_credentials is supported');
  }
  const basic = authorization === undefined ? null : readBasic(authorization);
  if (authorization !== undefined && basic === null) {
    return refuse('invalid_client', 'The Authorization header is no HTTP Basic with client id and secret');
  }
  return readClient(form, basic);
}

function readClient(form: URLSearchParams, basic: Basic | null): TokenRequest {
  const [bodyId, bodySecret] = [form.get('client_id'), form.get('client_secret')];
  const clientId = (basic?.clientId ?? bodyId ?? '').toLowerCase();
  if (clientId === '')
    return refuse('invalid_client', 'client_id is missing; it is the id of the connection');
  const contradicts =
    basic !== null &&
    ((bodyId !== null && bodyId.toLowerCase() !== clientId) ||
      (bodySecret !== null && bodySecret !== basic.secret));
  if (contradicts)
    return refuse('invalid_request', 'The header and the body name different clients or secrets');
  const secret = basic?.secret ?? bodySecret;
  const [assertion, assertionType] = [form.get('client_assertion'), form.get('client_assertion_type')];
  if (assertion === null && assertionType === null) {
    if (secret === null)
      return refuse('invalid_client', 'Neither a client_secret nor a client_assertion was sent');
    return { kind: 'request', clientId, proof: { kind: 'secret', secret } };
  }
  if (secret !== null) return refuse('invalid_request', 'Send either a client_secret or a client_assertion');
  if (assertion === null || assertionType !== JWT_BEARER) {
    return refuse('invalid_request', `client_assertion goes with client_assertion_type=${JWT_BEARER}`);
  }
  return { kind: 'request', clientId, proof: { kind: 'assertion', assertion } };
}
