import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { hostOf, refusalOfAddress, type TargetPolicy } from './target-policy.ts';

export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

/** Why a target cannot be reached or must not be, as a sentence for the administrator. */
export class TargetFault extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'TargetFault';
  }
}

/**
 * The addresses of a target, every one of them checked. One forbidden address among good ones is a trick, so it refuses
 * the whole name. The connection has to be made to these: asked again, the name could mean something else by then.
 */
export async function resolveTarget(
  url: URL,
  resolve: Resolve,
  policy: TargetPolicy,
): Promise<readonly LookupAddress[]> {
  const host = hostOf(url);
  const version = isIP(host);
  const addresses = version === 0 ? await lookUp(host, resolve) : [{ address: host, family: version }];
  for (const { address } of addresses) {
    const refusal = refusalOfAddress(address, policy);
    if (refusal !== null) throw new TargetFault(`Nothing is sent to ${host}: ${refusal}.`);
  }
  return addresses;
}

async function lookUp(host: string, resolve: Resolve): Promise<readonly LookupAddress[]> {
  const fault = `The name ${host} has no address.`;
  const addresses = await resolve(host).catch((cause: unknown) => {
    throw new TargetFault(fault, cause);
  });
  if (addresses.length === 0) throw new TargetFault(fault);
  return addresses;
}
