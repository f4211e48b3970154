import type { ConnectionContext } from '../context.ts';
import type { EventContext, UnitOfWork } from '../ports.ts';
import type { DecisionTools, StepTools } from '../reconcile/decision-tools.ts';
import type { EvaluateGroups } from '../tenants/evaluate-groups.ts';

/** What every operation of a provisioning client works with. */
export interface ScimDependencies extends DecisionTools {
  readonly unitOfWork: UnitOfWork;
  /** Called after a commit that left jobs behind, so that they run at once. */
  readonly jobsWaiting: () => void;
}

/** What jobs need besides, which nobody waits for. */
export type JobDependencies = ScimDependencies & StepTools;

/** What only requests of a client itself need besides. */
export interface ClientDependencies extends ScimDependencies {
  readonly evaluateGroups: EvaluateGroups;
  /** Called after a commit that made the read of a directory due. */
  readonly syncWaiting: () => void;
}

/** Log entries of a client's own request. */
export const scimEvents = (context: ConnectionContext): EventContext => ({
  connectionId: context.connectionId,
  trigger: 'scim',
  runId: null,
  requestId: context.requestId,
});
