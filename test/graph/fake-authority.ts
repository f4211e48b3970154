import { createHash } from 'node:crypto';
import { connection } from './graph-fixtures.ts';
import { type LocalServer, type Reply, type SeenRequest, startServer } from './local-server.ts';

export interface FakeAuthority extends LocalServer {
  /** What the next token requests are answered with, each once; then the standard answer. */
  readonly replies: Reply[];
  /** Fields of token requests, in order. */
  readonly tokenRequests: () => readonly Readonly<Record<string, string>>[];
  /** Answers of the standard kind, for changing a part of them. */
  readonly userTokens: (claims?: object, fields?: object) => object;
  nonce: string;
  /** Access tokens that Graph refuses. */
  readonly refused: Set<string>;
}

const tid = connection.tenantId;

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A signed token by its looks only. */
export const unsignedToken = (claims: object): string => `${encode({ alg: 'RS256' })}.${encode(claims)}.c2ln`;

/** An identity platform with one tenant, which gives tokens to whoever asks. */
export async function startAuthority(): Promise<FakeAuthority> {
  const replies: Reply[] = [];
  const refused = new Set<string>();
  let issued = 0;

  const userTokens = (claims: object = {}, fields: object = {}): object => {
    issued += 1;
    const now = Math.floor(Date.now() / 1000);
    return {
      token_type: 'Bearer',
      scope: [
        'openid profile',
        ...['Directory.Read.All', 'Group.Read.All', 'User.Read', 'User.Read.All'].map(
          (scope) => `https://graph.microsoft.com/${scope}`,
        ),
      ].join(' '),
      expires_in: 3600,
      access_token: `access-${issued}`,
      refresh_token: `refresh-${issued}`,
      id_token: unsignedToken({
        iss: `${authority.url}/${tid}/v2.0`,
        aud: connection.applicationId,
        tid,
        oid: 'oid-1',
        sub: 'sub-1',
        preferred_username: 'admin@contoso.example',
        nonce: authority.nonce,
        iat: now,
        nbf: now,
        exp: now + 3600,
        ...claims,
      }),
      client_info: encode({ uid: 'oid-1', utid: tid }),
      ...fields,
    };
  };

  const applicationToken = (): object => {
    issued += 1;
    return {
      token_type: 'Bearer',
      expires_in: 3600,
      access_token: unsignedToken({
        tid,
        jti: `access-${issued}`,
        roles: ['User.Read.All', 'GroupMember.Read.All'],
      }),
    };
  };

  const answer = ({ url, body, headers }: SeenRequest): Reply => {
    const path = url.split('?')[0];
    if (path === `/${tid}/v2.0/.well-known/openid-configuration`) {
      return { body: { issuer: `${authority.url}/${tid}/v2.0`, cloud_instance_name: 'microsoftonline.com' } };
    }
    if (refused.has(String(headers.authorization))) return { status: 401 };
    if (path === '/v1.0/organization') {
      return {
        body: {
          value: [{ id: tid, displayName: 'Contoso', verifiedDomains: [{ name: 'Contoso.Example' }] }],
        },
      };
    }
    if (path !== `/${tid}/oauth2/v2.0/token`) return { status: 404, body: 'nothing here' };
    const grant = new URLSearchParams(body).get('grant_type');
    return replies.shift() ?? { body: grant === 'client_credentials' ? applicationToken() : userTokens() };
  };

  const server = await startServer(answer);
  const authority: FakeAuthority = {
    ...server,
    replies,
    refused,
    nonce: '',
    userTokens,
    tokenRequests: () =>
      server.seen
        .filter(({ url }) => url.includes('/oauth2/v2.0/token'))
        .map(({ body }) => Object.fromEntries(new URLSearchParams(body))),
  };
  return authority;
}

/** RFC 7636 §4.2. */
export const challengeOf = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url');

/** An error as the identity platform words it. */
export const platformError = (number: number, error: string, fields: object = {}): Reply => ({
  status: 400,
  body: {
    error,
    error_description: `AADSTS${number}: Something about admin@contoso.example. Trace ID: 1`,
    error_codes: [number],
    ...fields,
  },
});
