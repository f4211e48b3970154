import type { GraphDirectory, GraphSubscriptions } from '../operations/tenants/graph-ports.ts';
import type { GraphSignIn, TenantResolver } from '../operations/tenants/graph-sign-in-ports.ts';
import { makeGraphClient } from './graph-client.ts';
import { makeGraphDirectory } from './graph-directory.ts';
import { makeGraphSignIn } from './graph-sign-in.ts';
import { makeGraphSubscriptions } from './graph-subscriptions.ts';
import { type MsalTokensParts, makeMsalTokens } from './msal-tokens.ts';
import { makePacer } from './pacer.ts';
import { makeTenantResolver } from './tenant-resolver.ts';

/** Everything that the server knows of Microsoft Graph. */
export interface Graph {
  readonly directory: GraphDirectory;
  readonly subscriptions: GraphSubscriptions;
  readonly signIn: GraphSignIn;
  readonly tenants: TenantResolver;
}

/** One per process: pace and tokens are kept for all connections together. */
export function makeGraph(parts: MsalTokensParts): Graph {
  const tokens = makeMsalTokens(parts);
  const client = makeGraphClient({ ...parts, tokens, pacer: makePacer(parts.timing) });
  const access = { client, clouds: parts.clouds };
  const directory = makeGraphDirectory(access);
  return {
    directory,
    subscriptions: makeGraphSubscriptions(access),
    signIn: makeGraphSignIn({ ...parts, tokens, directory }),
    tenants: makeTenantResolver(parts),
  };
}
