import type { ConnectionContext } from './context.ts';
import type { EventContext, UnitOfWork } from './ports.ts';
import type { DecisionTools } from './reconcile.ts';

/** What every operation of a provisioning client works with. */
export interface ScimDependencies extends DecisionTools {
  readonly unitOfWork: UnitOfWork;
  /** Called after a commit that left jobs behind, so that they run at once. */
  readonly jobsWaiting: () => void;
}

/** Log entries of a client's own request. */
export const scimEvents = (context: ConnectionContext): EventContext => ({
  connectionId: context.connectionId,
  trigger: 'scim',
  runId: null,
  requestId: context.requestId,
});
