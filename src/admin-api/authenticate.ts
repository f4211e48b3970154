import type { Request, RequestHandler } from 'express';
import { readBearer } from '../http/credentials.ts';
import { requestIdOf } from '../http/request-id.ts';
import { tagRequest } from '../http/request-tags.ts';
import type { ApiKeyRole, OrganizationContext } from '../operations/context.ts';
import { type Problem, sendProblem } from './problem.ts';

/** What authentication must know of a key that was found. */
export interface AdminKey {
  readonly organizationId: string;
  readonly apiKeyId: string;
  readonly name: string;
  readonly role: ApiKeyRole;
}

export interface AdminAuthentication {
  /** The valid key with this text, or null. */
  readonly findKey: (plain: string) => Promise<AdminKey | null>;
  /** Compares with the operator key in constant time; null when the installation has none. */
  readonly isOperatorKey: ((plain: string) => boolean) | null;
  readonly noteUse: (key: AdminKey) => void;
}

/** RFC 6750 §3.1: no error code when the request brought no credential at all. */
const unauthorized = (sent: boolean): Problem => ({
  status: 401,
  detail: sent
    ? 'This key is not valid here: it is unknown, revoked or expired.'
    : 'Send Authorization: Bearer <key>.',
  headers: { 'WWW-Authenticate': sent ? 'Bearer error="invalid_token"' : 'Bearer' },
});

const forbidden = (detail: string): Problem => ({ status: 403, detail });

const isReading = ({ method }: Request): boolean => method === 'GET' || method === 'HEAD';
const isUnder = ({ path }: Request, root: string): boolean =>
  path.toLowerCase() === root || path.toLowerCase().startsWith(`${root}/`);

/** What the role does not allow, as a sentence; null when it is allowed. */
function refusalOf(request: Request, role: ApiKeyRole): string | null {
  if (isUnder(request, '/api-keys')) return role === 'owner' ? null : 'Only owner keys manage API keys.';
  if (isUnder(request, '/organizations')) return 'This needs the operator key of the installation.';
  return role !== 'readOnly' || isReading(request) ? null : 'This key may only read.';
}

/** Before anything else: nobody unknown gets a body parsed or learns which paths exist. */
export function makeAuthenticate(authentication: AdminAuthentication): RequestHandler {
  const { findKey, isOperatorKey, noteUse } = authentication;

  return async (request, response, next) => {
    const forOperator = isUnder(request, '/organizations');
    if (forOperator && isOperatorKey === null) {
      return sendProblem(response, { status: 404, detail: 'This installation has one organization only.' });
    }
    const sent = request.get('Authorization') ?? '';
    const plain = readBearer(sent);
    if (plain === null) return sendProblem(response, unauthorized(sent !== ''));
    if (forOperator && isOperatorKey?.(plain) === true) return next();

    const key = await findKey(plain);
    if (key === null) return sendProblem(response, unauthorized(true));
    noteUse(key);
    tagRequest(request, { organizationId: key.organizationId });
    const refusal = refusalOf(request, key.role);
    if (refusal !== null) return sendProblem(response, forbidden(refusal));

    const context: OrganizationContext = {
      organizationId: key.organizationId,
      actor: { kind: 'apiKey', id: key.apiKeyId, name: key.name, role: key.role },
      requestId: requestIdOf(request),
    };
    response.locals.context = context;
    next();
  };
}
