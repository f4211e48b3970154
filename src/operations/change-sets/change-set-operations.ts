import type { OrganizationContext } from '../context.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import { OperationError } from '../operation-error.ts';
import { actorName } from '../people/manual-events.ts';
import type { Stores, UnitOfWork } from '../ports.ts';
import type { Plan, PlanTools } from '../reconcile/plan-people.ts';
import type { ReplanAll } from '../reconcile/replan-all.ts';
import type { ChangeSet, ChangeSetFilter, ConfigurationChange } from './change-set-ports.ts';
import { decideConcerned, planConcerned, type RestoredRules } from './decide-concerned.ts';
import { noteConfiguration } from './note-configuration.ts';
import {
  type ConfigurationUndo,
  planConfigurationUndo,
  writeConfigurationUndo,
} from './undo-configuration.ts';
import { type LeftField, type UndoneBatch, UndoWork } from './undo-people.ts';

export interface ChangeSetDependencies extends PlanTools {
  readonly unitOfWork: UnitOfWork;
  readonly replanAll: ReplanAll;
  /** Called after a commit that left jobs behind, so that they run at once. */
  readonly jobsWaiting: () => void;
}

export interface UndoReport {
  readonly changeSetId: string;
  /** The change set that the undo is; null for a preview, and where nothing was changed. */
  readonly undoId: string | null;
  /** Employees and contacts that changed. */
  readonly records: number;
  readonly configuration: readonly ConfigurationUndo[];
  /** The first of the fields that were edited since, or that something stands in the way of. */
  readonly leftAlone: readonly LeftField[];
  readonly leftAloneCount: number;
  /** Who is no part of the change set and follows the rules that are restored: the first of them. Null when it has happened. */
  readonly followers: Pick<Plan, 'counts' | 'items'> | null;
}

export interface ChangeSetOperations {
  readonly list: (
    context: OrganizationContext,
    filter: ChangeSetFilter,
    page: PageRequest,
  ) => Promise<Page<ChangeSet>>;
  readonly get: (context: OrganizationContext, id: string) => Promise<ChangeSet>;
  /** What an undo would do; nothing is written or locked. `personIds`: null for everybody. */
  readonly previewUndo: UndoVerb;
  /** Takes the change set back, batch by batch; an undo that was interrupted is completed by asking for it again. */
  readonly undo: UndoVerb;
}

type UndoVerb = (
  context: OrganizationContext,
  id: string,
  personIds: readonly string[] | null,
) => Promise<UndoReport>;

export function makeChangeSetOperations(dependencies: ChangeSetDependencies): ChangeSetOperations {
  const { unitOfWork } = dependencies;
  return {
    list: (context, filter, page) =>
      unitOfWork.read(context, (stores) => stores.changeSets.list(filter, page)),
    get: (context, id) => unitOfWork.read(context, (stores) => requireChangeSet(stores, id)),
    previewUndo: (context, id, personIds) =>
      unitOfWork.read(context, async (stores) => {
        const undo = await beginUndo(stores, { context, id, personIds }, dependencies.clock.now());
        const report = new UndoTally();
        const { items, changes } = await planConfigurationUndo(stores, undo.configuration);
        report.configuration = items;
        const settledUserIds = new Set<string>();
        let next: string | null = null;
        do {
          const batch: UndoneBatch = await undo.work.plan(stores, next);
          report.add(batch);
          for (const userId of batch.settledUserIds) settledUserIds.add(userId);
          next = batch.next;
        } while (next !== null);
        const followers = await planConcerned(stores, { changes, settledUserIds }, shownAtMost, dependencies);
        return { ...report.tell(id, null), followers };
      }),
    undo: (context, id, personIds) => undoChangeSet({ context, id, personIds }, dependencies),
  };
}

async function requireChangeSet(stores: Stores, id: string): Promise<ChangeSet> {
  const set = await stores.changeSets.get(id);
  if (set === null) {
    throw new OperationError(
      'not-found',
      `No change set ${id} is in the provisioning log. Use the id of a run, or the X-Request-Id of a request.`,
    );
  }
  return set;
}

interface UndoRequest {
  readonly context: OrganizationContext;
  readonly id: string;
  readonly personIds: readonly string[] | null;
}

interface Undo {
  readonly set: ChangeSet;
  readonly work: UndoWork;
  /** Only of a change set that is undone as a whole. */
  readonly configuration: readonly ConfigurationChange[];
}

async function beginUndo(stores: Stores, request: UndoRequest, now: string): Promise<Undo> {
  const { context, id, personIds } = request;
  const set = await requireChangeSet(stores, id);
  await requireConcerned(stores, request);
  const reason = `Undo of change set ${id} (${actorName(context)}).`;
  const work = new UndoWork({ changeSetId: id, personIds, now, reason });
  const configuration = personIds === null ? await stores.changeSets.configurationChanges(id) : [];
  return { set, work, configuration };
}

async function requireConcerned(stores: Stores, { id, personIds }: UndoRequest): Promise<void> {
  if (personIds === null) return;
  const lookup = { changeSetId: id, personIds, before: null, limit: 1 };
  if ((await stores.changeSets.recordedEvents(lookup)).length > 0) return;
  const detail = 'The change set changed none of these people. Leave personIds out to undo it as a whole.';
  throw new OperationError('invalid', detail, {
    reason: 'value',
    fields: [{ pointer: '/personIds', detail }],
  });
}

/** The first batch goes with the configuration, which keeps everything still; those after it go by themselves. */
async function undoChangeSet(request: UndoRequest, dependencies: ChangeSetDependencies): Promise<UndoReport> {
  const { context, id } = request;
  const { unitOfWork, clock, jobsWaiting } = dependencies;
  const now = clock.now();
  const undo = await unitOfWork.read(context, (stores) => beginUndo(stores, request, now));
  const tally = new UndoTally();
  const lock = undo.configuration.length > 0 ? 'exclusive' : 'shared';
  const first = await unitOfWork.write(context, lock, async (stores) => {
    const plan = await planConfigurationUndo(stores, undo.configuration);
    const isSwitchedOn = await writeConfigurationUndo(stores, plan.changes, now);
    await noteConfiguration(stores, context, plan.changes, now);
    const batch = await undoBatch(stores, request, undo, null);
    const settledUserIds = new Set(batch.settledUserIds);
    const restored = { isSwitchedOn, changes: plan.changes, settledUserIds };
    const hasJobs = batch.next === null && (await decideAgain(stores, context, restored, dependencies));
    return { plan, restored, batch, hasJobs };
  });
  tally.configuration = first.plan.items;
  tally.add(first.batch);
  let { hasJobs } = first;
  let { next } = first.batch;
  while (next !== null) {
    const before: string = next;
    const following = await unitOfWork.write(context, 'shared', async (stores) => {
      const batch = await undoBatch(stores, request, undo, before);
      const isLast = batch.next === null;
      for (const userId of batch.settledUserIds) first.restored.settledUserIds.add(userId);
      return {
        batch,
        hasJobs: isLast && (await decideAgain(stores, context, first.restored, dependencies)),
      };
    });
    tally.add(following.batch);
    ({ hasJobs } = following);
    ({ next } = following.batch);
  }
  if (hasJobs) jobsWaiting();
  return tally.tell(id, context.requestId);
}

interface RestoredConfiguration extends RestoredRules {
  readonly isSwitchedOn: boolean;
}

/** What the restored configuration asks for, once everybody is as before. Answers true when jobs were left. */
async function decideAgain(
  stores: Stores,
  context: OrganizationContext,
  { isSwitchedOn, ...rules }: RestoredConfiguration,
  dependencies: ChangeSetDependencies,
): Promise<boolean> {
  if (!isSwitchedOn) return decideConcerned(stores, context, rules, dependencies);
  await dependencies.replanAll(stores, context);
  return true;
}

const directoryTriggers: ReadonlySet<ChangeSet['trigger']> = new Set(['scim', 'graph', 'approval']);

async function undoBatch(
  stores: Stores,
  { context, id, personIds }: UndoRequest,
  { set, work }: Undo,
  before: string | null,
): Promise<UndoneBatch> {
  const batch = await work.carryOut(stores, before);
  const at = work.now;
  const { requestId } = context;
  const log = { connectionId: set.connectionId, trigger: 'manual', runId: null, requestId } as const;
  await stores.events.append(log, at, batch.events);
  // What the directory says is still the same: only when it says something else is the person decided again.
  const isOfDirectory = set.runId !== null || directoryTriggers.has(set.trigger);
  if (isOfDirectory) await stores.changeSets.keepUndone(batch.userIds);
  if (requestId !== null) {
    const isWhole = personIds === null && batch.next === null;
    await stores.changeSets.noteUndo({ undoId: requestId, changeSetId: id, at, isWhole });
  }
  return batch;
}

const shownAtMost = 1_000;

/** Gathers what the batches did. */
class UndoTally {
  configuration: readonly ConfigurationUndo[] = [];
  readonly #records = new Set<string>();
  readonly #left: LeftField[] = [];
  #leftCount = 0;

  add({ events, left }: UndoneBatch): void {
    for (const { employeeId, contactId } of events) this.#records.add(employeeId ?? contactId ?? '');
    this.#leftCount += left.length;
    this.#left.push(...left.slice(0, shownAtMost - this.#left.length));
  }

  tell(changeSetId: string, undoId: string | null): UndoReport {
    const isChange =
      this.#records.size > 0 || this.configuration.some(({ result }) => result !== 'leftAlone');
    return {
      changeSetId,
      undoId: isChange ? undoId : null,
      records: this.#records.size,
      configuration: this.configuration,
      leftAlone: this.#left,
      leftAloneCount: this.#leftCount,
      followers: null,
    };
  }
}
