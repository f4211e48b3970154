import type { PersonCase } from '../../provisioning/case.ts';
import type { OrganizationContext } from '../context.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import { OperationError } from '../operation-error.ts';
import type { Stores, UnitOfWork } from '../ports.ts';
import type { DecisionTools } from '../reconcile/decision-tools.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import type { HeldChange, HeldChangeFilter, HeldState } from './held-change-ports.ts';

export interface HeldChangeDependencies extends DecisionTools {
  readonly unitOfWork: UnitOfWork;
}

/**
 * `applied`: what was asked has happened. `dissolved`: the directory does not ask for it any more. `stillBlocked`: an
 * approval cannot help, see the reason of the held change. `alreadyDecided`: it was not waiting.
 */
export type HeldResult = 'applied' | 'rejected' | 'dissolved' | 'stillBlocked' | 'alreadyDecided';

export interface DecidedChange {
  readonly id: string;
  readonly state: HeldState;
  readonly result: HeldResult;
}

export interface HeldChangeOperations {
  readonly list: (
    context: OrganizationContext,
    filter: HeldChangeFilter,
    page: PageRequest,
  ) => Promise<Page<HeldChange>>;
  /** An unknown id refuses all of them. */
  readonly approve: (
    context: OrganizationContext,
    ids: readonly string[],
  ) => Promise<readonly DecidedChange[]>;
  readonly reject: (
    context: OrganizationContext,
    ids: readonly string[],
  ) => Promise<readonly DecidedChange[]>;
}

export function makeHeldChangeOperations(dependencies: HeldChangeDependencies): HeldChangeOperations {
  const { unitOfWork, clock } = dependencies;
  return {
    list: (context, filter, page) =>
      unitOfWork.read(context, (stores) => stores.heldChanges.list(filter, page)),
    approve: (context, ids) =>
      unitOfWork.write(context, 'shared', async (stores) => {
        const wanted = await requireAll(stores, ids);
        return approveAll(stores, context, wanted, dependencies);
      }),
    reject: (context, ids) =>
      unitOfWork.write(context, 'none', async (stores) => {
        const wanted = await requireAll(stores, ids);
        const decision = { ids, state: 'rejected', at: clock.now(), by: nameOf(context) } as const;
        const rejected = new Set(await stores.heldChanges.decide(decision));
        await purgeDeleted(
          stores,
          wanted.filter(({ id }) => rejected.has(id)),
        );
        const after = await stores.heldChanges.getMany(wanted.map(({ id }) => id));
        return after.map(({ id, state }) => ({
          id,
          state,
          result: rejected.has(id) ? 'rejected' : 'alreadyDecided',
        }));
      }),
  };
}

/** Who was deleted in the directory and stays by an administrator's decision is a local person where deletions purge. */
async function purgeDeleted(stores: Stores, rejected: readonly HeldChange[]): Promise<void> {
  const userIds = [...new Set(rejected.map(({ directoryUserId }) => directoryUserId))];
  for (const { id, connectionId, deletedAt } of await stores.users.lockAlsoDeleted(userIds)) {
    if (deletedAt !== null) await stores.users.purgeKeepingLogin(connectionId, id);
  }
}

const nameOf = ({ actor }: OrganizationContext): string =>
  actor.kind === 'apiKey' ? actor.name : actor.kind;

async function requireAll(stores: Stores, ids: readonly string[]): Promise<readonly HeldChange[]> {
  const found = await stores.heldChanges.getMany(ids);
  const known = new Set(found.map(({ id }) => id));
  const unknown = ids.filter((id) => !known.has(id.toLowerCase()));
  if (unknown.length === 0) return found;
  throw new OperationError(
    'not-found',
    `There is no held change ${unknown.join(', ')}. Nothing was decided.`,
  );
}

/** Decides the people again as the directory and the rules are now; what is approved does not ask the guard. */
async function approveAll(
  stores: Stores,
  context: OrganizationContext,
  wanted: readonly HeldChange[],
  tools: DecisionTools,
): Promise<readonly DecidedChange[]> {
  const waiting = wanted.filter(({ state }) => state === 'waiting');
  const ids = new Set(waiting.map(({ id }) => id));
  const byConnection = Map.groupBy(waiting, ({ connectionId }) => connectionId);
  for (const connectionId of [...byConnection.keys()].sort()) {
    const changes = byConnection.get(connectionId) ?? [];
    const userIds = [...new Set(changes.map(({ directoryUserId }) => directoryUserId))];
    const users = await stores.users.lockAlsoDeleted(userIds);
    // Access follows; what was edited by hand since stays.
    const cases = users.map((user): PersonCase => ({ user, previous: null, cause: 'membership' }));
    const log = { connectionId, trigger: 'approval', runId: null, requestId: context.requestId } as const;
    const guard = { kind: 'approved', ids } as const;
    const { approvedIds, written } = await reconcile(stores, cases, log, { ...tools, guard });
    const decision = { state: 'approved', at: tools.clock.now(), by: nameOf(context) } as const;
    await Promise.all([written, stores.heldChanges.decide({ ...decision, ids: approvedIds })]);
    for (const { id, deletedAt } of users) if (deletedAt !== null) await stores.users.purge(connectionId, id);
  }
  const now = await stores.heldChanges.getMany(wanted.map(({ id }) => id));
  return now.map(({ id, state }) => ({ id, state, result: ids.has(id) ? results[state] : 'alreadyDecided' }));
}

const results: Readonly<Record<HeldState, HeldResult>> = {
  approved: 'applied',
  waiting: 'stillBlocked',
  dissolved: 'dissolved',
  rejected: 'rejected',
};
