import { isIP } from 'node:net';
import { kindOfAddress } from './address-kind.ts';

export interface TargetPolicy {
  /**
   * Also plain http, any port, and addresses inside the operator's own network. Never link-local ones, where clouds hand
   * out credentials.
   */
  readonly allowPrivate: boolean;
}

/** Where https is usually served. Other ports of a public host are no places to send requests to on somebody's word. */
const publicPorts: ReadonlySet<string> = new Set(['', '443', '8443']);

const withoutBrackets = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1');

/** The name or address to connect to. */
export const hostOf = (url: URL): string => withoutBrackets(url.hostname).replace(/\.$/, '');

/** Names that stand for this machine (RFC 6761 §6.3). */
const isLocalName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

/** Why nothing is sent to this address, as the end of a sentence; null when it may be. */
export function refusalOfAddress(address: string, { allowPrivate }: TargetPolicy): string | null {
  const kind = kindOfAddress(address);
  if (kind === 'public' || (kind === 'private' && allowPrivate)) return null;
  return `${address} is ${kind === 'private' ? 'inside a private network' : 'not an address of a public server'}`;
}

/** Why this URL is no target, to be read after the name of the field; null when it may be one. Looks nothing up. */
export function refusalOfUrl(text: string, policy: TargetPolicy): string | null {
  const url = URL.parse(text);
  if (url === null) return 'must be an absolute URL';
  const isPlain = url.protocol === 'http:';
  if (url.protocol !== 'https:' && !(isPlain && policy.allowPrivate)) return 'must begin with https://';
  if (url.username !== '' || url.password !== '') return 'must not carry a user name or password';
  if (url.hash !== '') return 'must not have a fragment';
  if (!policy.allowPrivate && !publicPorts.has(url.port)) return 'must use port 443 or 8443';
  const host = hostOf(url);
  if (isIP(host) !== 0) {
    const refusal = refusalOfAddress(host, policy);
    return refusal === null ? null : `names a place that nothing is sent to: ${refusal}`;
  }
  return isLocalName(host) && !policy.allowPrivate ? 'names this machine itself' : null;
}
