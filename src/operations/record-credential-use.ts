import { systemContext } from './create-organization.ts';
import type { UnitOfWork } from './ports.ts';

export interface CredentialUses {
  readonly organizationId: string;
  readonly apiKeyIds: readonly string[];
  readonly scimTokenIds: readonly string[];
  readonly at: string;
}

export type RecordCredentialUse = (uses: CredentialUses) => Promise<void>;

/** Writes when keys and tokens were last used. */
export function makeRecordCredentialUse({
  unitOfWork,
}: {
  readonly unitOfWork: UnitOfWork;
}): RecordCredentialUse {
  return ({ organizationId, apiKeyIds, scimTokenIds, at }) =>
    unitOfWork.write(systemContext(organizationId, null), 'none', async (stores) => {
      if (apiKeyIds.length > 0) await stores.apiKeys.recordUse(apiKeyIds, at);
      if (scimTokenIds.length > 0) await stores.scimTokens.recordUse(scimTokenIds, at);
    });
}
