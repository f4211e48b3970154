import type { PersonCase } from '../provisioning/case.ts';
import { decide } from '../provisioning/decide.ts';
import { addressKeysOf, caseKey, identify } from '../provisioning/directory-identity.ts';
import { Ledger } from '../provisioning/ledger.ts';
import type { EventDraft } from '../provisioning/provisioning-event.ts';
import { usernameCandidates } from '../provisioning/username.ts';
import { withRecords } from '../provisioning/with-records.ts';
import type { CaseLookup } from './planning-ports.ts';
import type { Clock, EventContext, Identifiers, PeopleChanges, Stores } from './ports.ts';

export interface DecisionTools {
  readonly clock: Clock;
  readonly identifiers: Identifiers;
}

export interface Reconciliation {
  readonly events: readonly EventDraft[];
  /** Settles when people and log entries are written. */
  readonly written: Promise<void>;
}

/**
 * Decides a set of people from the mirror as it stands, writes what follows and logs it, with a constant number of
 * statements whatever their number.
 */
export async function reconcile(
  stores: Stores,
  cases: readonly PersonCase[],
  log: EventContext,
  { clock, identifiers }: DecisionTools,
): Promise<Reconciliation> {
  if (cases.length === 0) return { events: [], written: Promise.resolve() };
  const facts = await stores.people.loadCases(lookupOf(cases));
  const ledger = new Ledger(facts);
  const moment = { now: clock.now(), newId: identifiers.next };
  const decided = cases.flatMap((person) => decide(person, ledger, moment).events);
  const events = withRecords(decided, ledger.changedPeople());
  const changes = ledger.changes();
  const isEmpty = changes.employees.length + changes.contacts.length + changes.jobTitles.length === 0;
  return { events, written: writeAll(stores, log, moment.now, isEmpty ? null : changes, events) };
}

/** The last statements of a unit of work: sent together. */
async function writeAll(
  stores: Stores,
  log: EventContext,
  now: string,
  changes: PeopleChanges | null,
  events: readonly EventDraft[],
): Promise<void> {
  await Promise.all([
    changes === null ? null : stores.people.apply(changes),
    events.length === 0 ? null : stores.events.append(log, now, events),
  ]);
}

/** Everything that could matter for these people, so that one load is enough. */
export function lookupOf(cases: readonly PersonCase[]): CaseLookup {
  const addresses = new Set<string>();
  const usernames = new Set<string>();
  const jobTitles = new Set<string>();
  for (const { user, previous } of cases) {
    for (const address of addressKeysOf(user, previous)) addresses.add(address);
    const identity = identify(user, previous, 'auto');
    for (const name of usernameCandidates(identity.loginName, user.id)) usernames.add(caseKey(name));
    if (identity.jobTitle !== null) jobTitles.add(caseKey(identity.jobTitle));
  }
  return {
    users: cases.map(({ user }) => ({ id: user.id, connectionId: user.connectionId })),
    addressKeys: [...addresses],
    usernameKeys: [...usernames],
    jobTitleKeys: [...jobTitles],
  };
}
