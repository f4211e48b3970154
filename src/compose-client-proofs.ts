import type { Config } from './config.ts';
import { makeTokenIssuerOf } from './http/entra-issuers.ts';
import { makeVerifyEntraToken } from './http/entra-token.ts';
import { type ClientProofs, makeClientProofs } from './http/prove-client.ts';
import { makeFindSigningKey } from './http/signing-keys.ts';
import type { Logger } from './observability/logger.ts';
import type { Credentials } from './postgres/credentials.ts';

interface ClientProofParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly credentials: Credentials;
}

/** How provisioning clients prove themselves other than by a SCIM token. */
export function composeClientProofs({ config, logger, credentials }: ClientProofParts): ClientProofs {
  const now = Date.now;
  const { global, usgov, china } = config.cloudOverrides;
  const issuerOf = makeTokenIssuerOf({
    global: global.authority,
    usgov: usgov.authority,
    china: china.authority,
  });
  return makeClientProofs({
    findScimCredentials: credentials.findScimCredentials,
    verifyEntraToken: makeVerifyEntraToken({ findSigningKey: makeFindSigningKey(), issuerOf, now }),
    logger,
    now,
  });
}
