import type { PersonCase } from '../../provisioning/case.ts';
import { addressKeysOf, caseKey, identify } from '../../provisioning/directory-identity.ts';
import type { EventDraft } from '../../provisioning/provisioning-event.ts';
import { usernameForms } from '../../provisioning/username.ts';
import { formerOwners, freedRecords } from '../../reconciliation/freed-records.ts';
import { guardCases } from '../guard/guard-cases.ts';
import type { HeldRecord, WaitingUsers } from '../guard/held-change-ports.ts';
import type { EventContext, PeopleChanges, Stores } from '../ports.ts';
import type { DecisionTools } from './decision-tools.ts';
import type { CaseLookup } from './planning-ports.ts';

export interface Reconciliation {
  readonly events: readonly EventDraft[];
  /** Users whose person stays as it is until an administrator has decided. */
  readonly heldUserIds: ReadonlySet<string>;
  /** Held changes that were approved and have happened. */
  readonly approvedIds: readonly string[];
  readonly postponedUserIds: ReadonlySet<string>;
  /** Settles when people and log entries are written. */
  readonly written: Promise<void>;
}

const nothingToDecide: Reconciliation = {
  events: [],
  heldUserIds: new Set(),
  approvedIds: [],
  postponedUserIds: new Set(),
  written: Promise.resolve(),
};

/**
 * Decides a set of people from the mirror as it stands, writes what follows and logs it, with a constant number of
 * statements whatever their number.
 */
export async function reconcile(
  stores: Stores,
  cases: readonly PersonCase[],
  log: EventContext,
  tools: DecisionTools,
): Promise<Reconciliation> {
  if (cases.length === 0) return nothingToDecide;
  const facts = await stores.people.loadCases(lookupOf(cases));
  if (facts.settings.provisioningMode === 'off') await keepUndecided(stores, cases);
  const { ledger, events, record, ...outcome } = await guardCases(stores, cases, facts, tools);
  const changes = ledger.changes();
  const isEmpty = changes.employees.length + changes.contacts.length + changes.jobTitles.length === 0;
  const writing = { changes: isEmpty ? null : changes, events, record, now: tools.clock.now() };
  const written = writeAll(stores, log, writing, tools);
  const freedIds = [...freedRecords(cases, ledger), ...formerOwners(ledger)];
  if (freedIds.length > 0) {
    await written;
    await decideWaiting(stores, await stores.heldChanges.waitingFor(freedIds), log, tools);
  }
  return { ...outcome, events, written };
}

/** Nothing of it reaches people now; when provisioning is switched on, it does. */
async function keepUndecided({ undecidedChanges }: Stores, cases: readonly PersonCase[]): Promise<void> {
  const before = cases.flatMap(({ cause, previous }) => (cause === 'directory' ? (previous ?? []) : []));
  if (before.length > 0) await undecidedChanges.keep(before);
}

/**
 * Decides again about directory users that waited because a record belonged to another one: whoever comes with an email that
 * is taken gets its turn as soon as it is free, not with its own next change. What waited about a deleted user whose record
 * these users have taken over dissolves.
 */
export async function decideWaiting(
  stores: Stores,
  waiting: readonly WaitingUsers[],
  log: EventContext,
  { clock, identifiers }: DecisionTools,
): Promise<void> {
  for (const { connectionId, userIds } of waiting) {
    const users = await stores.users.lockAlsoDeleted(userIds);
    const cases = users.map((user): PersonCase => ({ user, previous: null, cause: 'membership' }));
    const { written } = await reconcile(stores, cases, { ...log, connectionId }, { clock, identifiers });
    await written;
    for (const { id, deletedAt } of users) if (deletedAt !== null) await stores.users.purge(connectionId, id);
  }
}

interface Writing {
  readonly changes: PeopleChanges | null;
  readonly events: readonly EventDraft[];
  readonly record: HeldRecord | null;
  readonly now: string;
}

/** The last statements of a unit of work: sent together, or the log of a large set while its people are being written. */
async function writeAll(
  stores: Stores,
  log: EventContext,
  { changes, events, record, now }: Writing,
  { turn }: DecisionTools,
): Promise<void> {
  const writeLog = () => (events.length === 0 ? null : stores.events.append(log, now, events));
  await Promise.all([
    changes === null ? null : stores.people.apply(changes),
    turn === undefined ? writeLog() : turn().then(writeLog),
    record === null ? null : stores.heldChanges.record(record),
  ]);
}

/** Everything that could matter for these people, so that one load is enough. */
export function lookupOf(cases: readonly PersonCase[]): CaseLookup {
  const addresses = new Set<string>();
  const usernames = new Set<string>();
  const stems = new Set<string>();
  const jobTitles = new Set<string>();
  for (const { user, previous } of cases) {
    for (const address of addressKeysOf(user, previous)) addresses.add(address);
    const identity = identify(user, previous, 'auto');
    const { plain, stem, own } = usernameForms(identity.loginName, user.id);
    for (const name of [plain, stem, own]) usernames.add(caseKey(name));
    stems.add(caseKey(stem));
    if (identity.jobTitle !== null) jobTitles.add(caseKey(identity.jobTitle));
  }
  return {
    users: cases.map(({ user }) => ({ id: user.id, connectionId: user.connectionId })),
    addressKeys: [...addresses],
    usernameKeys: [...usernames],
    usernameStems: [...stems],
    jobTitleKeys: [...jobTitles],
  };
}
