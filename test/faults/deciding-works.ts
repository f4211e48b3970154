import { startFingerprint } from '../../src/http/fingerprint.ts';
import { makeChangeSetOperations } from '../../src/operations/change-sets/change-set-operations.ts';
import type { ConnectionContext } from '../../src/operations/context.ts';
import { makeHeldChangeOperations } from '../../src/operations/guard/held-change-operations.ts';
import { makeSettingsOperations } from '../../src/operations/organizations/settings-operations.ts';
import { makeRunReconcileJob } from '../../src/operations/reconcile/run-reconcile-job.ts';
import { makeChangeGroup } from '../../src/operations/resources/change-group.ts';
import { makeChangeUser } from '../../src/operations/resources/change-user.ts';
import { makeMappingRuleOperations } from '../../src/operations/rules/mapping-rule-operations.ts';
import { makeRuleChangeOperations } from '../../src/operations/rules/rule-change-operations.ts';
import { openDatabase } from '../../src/postgres/database.ts';
import { makeStores } from '../../src/postgres/stores.ts';
import { makeUnitOfWork } from '../../src/postgres/unit-of-work.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';

/** The people that works are done to: all are employees by one rule, and can become portal users by another. */
export interface WorkScene {
  readonly databaseUrl: string;
  readonly organizationId: string;
  readonly connectionId: string;
  readonly staffRuleId: string;
  readonly portalGroupId: string;
  readonly userIds: readonly string[];
  readonly employee: RuleTarget;
  readonly portal: RuleTarget;
}

interface RuleTarget {
  readonly userType: 'employee' | 'clientPortal';
  readonly securityRoleId: string;
  readonly accountId: string | null;
}

export type WorkName =
  | 'ruleToPortal'
  | 'ruleToEmployee'
  | 'applyPreview'
  | 'undoChangeSet'
  | 'runJob'
  | 'joinPortal'
  | 'leavePortal'
  | 'deactivateOne'
  | 'activateOne'
  | 'approve'
  | 'reject'
  | 'closeGuard'
  | 'openGuard';

export type Works = Readonly<Record<WorkName, () => Promise<unknown>>>;

const wideOpen = { maxDeactivations: 1e6, maxDeactivationsPercent: 100, maxConversions: 1e6 };

/**
 * What administrators, clients and jobs ask for, by the operations of the server on a database of their own pool. Each can
 * be done again when it was done already. `onStatement` sees every statement just before it is sent.
 */
export function makeWorks(scene: WorkScene, onStatement: (text: string) => void): Works {
  const { connectionId, organizationId, staffRuleId, portalGroupId, userIds } = scene;
  const nothingToRun = (): Promise<never> => Promise.reject(new Error('So few people are no work for a job'));
  const database = openDatabase({ url: scene.databaseUrl, poolSize: 2, onStatement });
  const identifiers = { next: uuidV7 };
  const unitOfWork = makeUnitOfWork(database, (connection) =>
    makeStores(connection, {
      identifiers,
      jobs: () => ({
        enqueueReconcile: nothingToRun,
        enqueueReplan: nothingToRun,
        enqueueSync: nothingToRun,
        enqueueDeliveries: nothingToRun,
      }),
    }),
  );
  const notAsked = () => Promise.resolve({ kind: 'notAsked' } as const);
  const tools = {
    unitOfWork,
    identifiers,
    startFingerprint,
    giveWay: () => Promise.resolve(),
    clock: { now: () => new Date().toISOString() },
    jobsWaiting: () => undefined,
    syncWaiting: () => undefined,
    replanAll: nothingToRun,
    evaluateGroups: { isConnected: () => Promise.resolve(false), ofNew: notAsked, ofExisting: notAsked },
  };
  const contextOf = (): ConnectionContext => ({
    organizationId,
    connectionId,
    connectionKind: 'scim',
    scimBaseUrl: 'https://psa.example/scim/v2',
    actor: { kind: 'system' },
    requestId: uuidV7(),
  });
  const noCondition = { ifMatch: null, isManagerRequired: true };
  const rules = makeMappingRuleOperations(tools);
  const ruleChanges = makeRuleChangeOperations(tools);
  const changeSets = makeChangeSetOperations(tools);
  const heldChanges = makeHeldChangeOperations(tools);
  const settings = makeSettingsOperations(tools);
  const changeGroup = makeChangeGroup(tools);
  const changeUser = makeChangeUser(tools);
  const runJob = makeRunReconcileJob(tools);

  const setRule = (target: RuleTarget) => rules.change(contextOf(), staffRuleId, target, noCondition);
  const members = (kind: 'add' | 'remove') =>
    changeGroup(
      contextOf(),
      portalGroupId,
      { content: null, memberSteps: [{ kind, ids: [...userIds] }] },
      noCondition,
    );
  const setActive = (active: boolean) =>
    changeUser(contextOf(), userIds[0] ?? '', (user) => ({ ...user, active }), noCondition);
  const setGuard = (guard: object) =>
    settings.change(contextOf(), { guard: { ...wideOpen, ...guard } }, noCondition);
  const answerHeld = async (answer: 'approve' | 'reject') => {
    const filter = { state: 'waiting', effect: null, connectionId, directoryUserId: null } as const;
    const { items } = await heldChanges.list(contextOf(), filter, { after: null, limit: 1_000 });
    const ids = items.map(({ id }) => id);
    if (ids.length > 0) await heldChanges[answer](contextOf(), ids);
  };
  return {
    ruleToPortal: () => setRule(scene.portal),
    ruleToEmployee: () => setRule(scene.employee),
    applyPreview: async () => {
      const changes = [{ op: 'update', id: staffRuleId, rule: scene.portal }] as const;
      const { digest } = await ruleChanges.preview(contextOf(), changes, { limit: 1, position: null });
      await ruleChanges.apply(contextOf(), changes, digest);
    },
    undoChangeSet: async () => {
      const { rule } = await rules.get(contextOf(), staffRuleId);
      if (rule.userType === 'employee') return;
      const page = { after: null, limit: 1 };
      const { items } = await changeSets.list(contextOf(), { trigger: 'ruleChange', connectionId }, page);
      await changeSets.undo(contextOf(), items[0]?.id ?? '', null);
    },
    runJob: () =>
      runJob({
        organizationId,
        connectionId,
        userIds,
        listId: null,
        groupIds: [],
        trigger: 'ruleChange',
        cause: 'ruleChange',
        requestId: uuidV7(),
        verdict: { deactivations: null, conversions: null },
      }),
    joinPortal: () => members('add'),
    leavePortal: () => members('remove'),
    deactivateOne: () => setActive(false),
    activateOne: () => setActive(true),
    approve: () => answerHeld('approve'),
    reject: () => answerHeld('reject'),
    closeGuard: () => setGuard({ maxConversions: 0 }),
    openGuard: () => setGuard({}),
  };
}
