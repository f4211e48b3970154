import type { OrganizationContext } from '../context.ts';
import type { Stores } from '../ports.ts';
import type { ConfigurationChange } from './change-set-ports.ts';

/** Records changes of rules, settings and defaults with the request that made them, so that they can be taken back. */
export async function noteConfiguration(
  stores: Stores,
  { requestId }: OrganizationContext,
  changes: readonly ConfigurationChange[],
  now: string,
): Promise<void> {
  if (requestId === null || changes.length === 0) return;
  await stores.changeSets.noteConfiguration(changes, requestId, now);
}
