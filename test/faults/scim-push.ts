import { setTimeout as sleep } from 'node:timers/promises';

/** Where a client pushes to, and with what. */
export interface PushTarget {
  readonly scimBaseUrl: string;
  readonly token: string;
}

export interface Push {
  /** Users by userName that were answered with 201. */
  readonly acknowledged: ReadonlyMap<string, string>;
  /** Every other answer, in the order they came: status and body. */
  readonly refused: readonly { readonly status: number; readonly body: string }[];
  /** Sends no more, and waits for what is under way. */
  readonly stop: () => Promise<void>;
}

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';

export const userBody = (userName: string, more: object = {}): string =>
  JSON.stringify({ schemas: [userSchema], userName, name: { familyName: 'Doe' }, active: true, ...more });

/** Creates users until it is stopped, several at once. A server that is away is tried again and not counted. */
export function pushUsers(target: PushTarget, prefix: string, lanes = 4): Push {
  const acknowledged = new Map<string, string>();
  const refused: { status: number; body: string }[] = [];
  let isStopped = false;
  let sent = 0;
  const lane = async (): Promise<void> => {
    while (!isStopped) {
      const userName = `${prefix}${sent++}@example.com`;
      try {
        const answer = await sendScim(target, 'POST', '/Users', userBody(userName));
        if (answer.status === 201) acknowledged.set(userName, JSON.parse(answer.body).id);
        else refused.push(answer);
      } catch {
        await sleep(50);
      }
    }
  };
  const running = Array.from({ length: lanes }, lane);
  return {
    acknowledged,
    refused,
    stop: async () => {
      isStopped = true;
      await Promise.all(running);
    },
  };
}

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** One request that fails the test rather than to hang. */
export async function sendScim(
  { scimBaseUrl, token }: PushTarget,
  method: string,
  path: string,
  body?: string,
): Promise<PlainAnswer> {
  const response = await fetch(`${scimBaseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    signal: AbortSignal.timeout(60_000),
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** A connection of a server that was started with the key, and a token for it. */
export async function makeConnection(baseUrl: string, adminKey: string): Promise<PushTarget> {
  const post = async (path: string, body: object) => {
    const response = await fetch(`${baseUrl}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (response.status !== 201) throw new Error(`${path} answered ${response.status}: ${text}`);
    return JSON.parse(text);
  };
  const connection = await post('/connections', { name: 'Directory', kind: 'scim' });
  const { token } = await post(`/connections/${connection.id}/scim-tokens`, { name: 'test' });
  return { scimBaseUrl: connection.scimBaseUrl, token };
}
