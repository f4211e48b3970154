import type { DirectoryUser } from '../../directory/directory-user.ts';
import type { PersonCase } from '../../provisioning/case.ts';
import type { CaseFacts } from '../../provisioning/facts.ts';
import { Ledger } from '../../provisioning/ledger.ts';
import type { ReconcileCause } from '../../provisioning/reconcile-cause.ts';
import type { Tally, Verdict } from '../../reconciliation/judge.ts';
import { reviewCases, tallyOf } from '../../reconciliation/review.ts';
import type { OrganizationContext } from '../context.ts';
import type { Stores, UnitOfWork } from '../ports.ts';
import type { StepTools } from '../reconcile/decision-tools.ts';
import { readAhead } from '../reconcile/read-ahead.ts';
import { lookupOf } from '../reconcile/reconcile.ts';
import { judgeTally } from './guard-cases.ts';

export interface WholeBatch {
  readonly connectionId: string;
  readonly cause: ReconcileCause;
  readonly users: (stores: Stores) => AsyncIterable<readonly DirectoryUser[]>;
}

interface Judging extends StepTools {
  readonly unitOfWork: UnitOfWork;
}

const pageSize = 50;

/** Live users among these, in pages. */
export async function* usersAmong(
  { planning }: Stores,
  ids: readonly string[],
): AsyncGenerator<readonly DirectoryUser[]> {
  for (let start = 0; start < ids.length; start += pageSize) {
    yield await planning.usersAmong(ids.slice(start, start + pageSize));
  }
}

/** Live users of a connection, in pages. */
export async function* usersOfConnection(
  { planning }: Stores,
  connectionId: string,
): AsyncGenerator<readonly DirectoryUser[]> {
  let after: string | null = null;
  do {
    const page: readonly DirectoryUser[] = await planning.usersAfter(connectionId, after, pageSize);
    yield page;
    after = page.length === pageSize ? (page.at(-1)?.id ?? null) : null;
  } while (after !== null);
}

/**
 * What is decided in several units of work passes the guard or is held as a whole: it is decided once beforehand, without
 * a lock and without writing, to know how many lose anything.
 */
export async function judgeWhole(
  context: OrganizationContext,
  batch: WholeBatch,
  tools: Judging,
): Promise<Verdict> {
  const foreseen = await tools.unitOfWork.read(context, (stores) => foresee(stores, batch, tools));
  if (foreseen === null) return { deactivations: null, conversions: null };
  const now = tools.clock.now();
  const question = { ...foreseen, connectionId: batch.connectionId, now };
  return tools.unitOfWork.write(context, 'none', (stores) => judgeTally(stores, question));
}

/** Null when nobody loses anything. */
async function foresee(
  stores: Stores,
  { cause, users }: WholeBatch,
  { clock, identifiers, giveWay }: StepTools,
): Promise<{ readonly asked: Tally; readonly facts: CaseFacts } | null> {
  const moment = { now: clock.now(), newId: identifiers.next };
  let facts: CaseFacts | null = null;
  let [deactivations, conversions] = [0, 0];
  for await (const loaded of readAhead(loadPages(stores, users(stores), cause))) {
    facts = loaded.facts;
    const reviews = reviewCases(loaded.cases, new Ledger(facts), { moment });
    const tally = tallyOf(reviews);
    deactivations += tally.deactivations;
    conversions += tally.conversions;
    await giveWay();
  }
  if (facts === null || deactivations + conversions === 0) return null;
  return { asked: { deactivations, conversions }, facts };
}

async function* loadPages(
  stores: Stores,
  pages: AsyncIterable<readonly DirectoryUser[]>,
  cause: ReconcileCause,
): AsyncGenerator<{ readonly cases: readonly PersonCase[]; readonly facts: CaseFacts }> {
  for await (const page of pages) {
    if (page.length === 0) continue;
    const cases = page.map((user): PersonCase => ({ user, previous: null, cause }));
    yield { cases, facts: await stores.planning.viewCases(lookupOf(cases)) };
  }
}
