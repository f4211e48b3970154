import type { CaseFacts } from '../../provisioning/facts.ts';
import { Ledger } from '../../provisioning/ledger.ts';
import type { EventDraft } from '../../provisioning/provisioning-event.ts';
import { undoEvent } from '../../reconciliation/undo-event.ts';
import { type LeftAlone, undoKeys, undoRecordChange } from '../../reconciliation/undo-record.ts';
import type { Looking } from '../people/people-ports.ts';
import type { Stores } from '../ports.ts';
import type { RecordedEvent, RecordedEventsLookup, UndoLookup } from './change-set-ports.ts';

/** So many entries of the log are taken back in one unit of work. */
const undoBatchSize = 200;

/** A field that was left alone, with the directory user whose record it is. */
export interface LeftField extends LeftAlone {
  readonly directoryUserId: string | null;
}

export interface UndoneBatch {
  readonly left: readonly LeftField[];
  /** Entries of the undo, one for each record that changed. */
  readonly events: readonly EventDraft[];
  readonly userIds: readonly string[];
  /** Those of them whose records the entries had changed. */
  readonly settledUserIds: readonly string[];
  /** Where the next batch goes on; null after the last one. */
  readonly next: string | null;
}

export interface UndoScope extends Pick<RecordedEventsLookup, 'changeSetId' | 'personIds'> {
  readonly now: string;
  readonly reason: string;
}

/** Decides what taking back the next entries means, the newest first. The ledger goes from batch to batch in a preview. */
export class UndoWork {
  readonly #scope: UndoScope;
  #ledger: Ledger | null = null;
  #administratorIds: Set<string> | null = null;

  constructor(scope: UndoScope) {
    this.#scope = scope;
  }

  get now(): string {
    return this.#scope.now;
  }

  /** Like `carryOut`, writing nothing and locking nobody. */
  async plan(stores: Stores, before: string | null): Promise<UndoneBatch> {
    const events = await this.#read(stores, before);
    const facts = await stores.changeSets.viewPeople(lookupOf(events));
    if (this.#ledger === null) this.#ledger = new Ledger(facts);
    else this.#ledger.absorb(facts);
    this.#administratorIds ??= await administratorIds(stores, 'look');
    return this.#undo(stores, events, this.#ledger, this.#administratorIds);
  }

  async carryOut(stores: Stores, before: string | null): Promise<UndoneBatch> {
    const events = await this.#read(stores, before);
    const facts = await stores.changeSets.loadPeople(lookupOf(events));
    const ledger = new Ledger(facts);
    const administratorIds = await administratorsOf(stores, facts);
    const batch = await this.#undo(stores, events, ledger, administratorIds);
    const changed = ledger.changes();
    if (changed.employees.length + changed.contacts.length > 0) await stores.people.apply(changed);
    return batch;
  }

  #read(stores: Stores, before: string | null): Promise<readonly RecordedEvent[]> {
    const { changeSetId, personIds } = this.#scope;
    return stores.changeSets.recordedEvents({ changeSetId, personIds, before, limit: undoBatchSize });
  }

  async #undo(
    stores: Stores,
    events: readonly RecordedEvent[],
    ledger: Ledger,
    administratorIds: Set<string>,
  ): Promise<UndoneBatch> {
    const { referenceIds } = undoKeys(events.flatMap(({ records }) => records));
    const existing = await stores.changeSets.existing(referenceIds);
    const facts = { ledger, now: this.#scope.now, existing, administratorIds };
    const before = new Set(ledger.changedPeople().map(({ after }) => after));
    const left = events.flatMap(({ directoryUserId, records }) =>
      records
        .toReversed()
        .flatMap((change) => undoRecordChange(change, facts).map((it) => ({ ...it, directoryUserId }))),
    );
    const changed = ledger.changedPeople().filter(({ after }) => !before.has(after));
    return {
      left,
      events: changed.flatMap((it) => undoEvent(it, this.#scope.reason)),
      userIds: usersOf(events),
      settledUserIds: usersOf(events.filter(({ records }) => records.length > 0)),
      next: events.length === undoBatchSize ? (events.at(-1)?.id ?? null) : null,
    };
  }
}

function lookupOf(events: readonly RecordedEvent[]): UndoLookup {
  const { personIds, userIds, addressKeys, usernameKeys } = undoKeys(
    events.flatMap((event) => event.records),
  );
  return { personIds, userIds: [...new Set([...userIds, ...usersOf(events)])], addressKeys, usernameKeys };
}

const usersOf = (events: readonly RecordedEvent[]): readonly string[] => [
  ...new Set(events.map(({ directoryUserId }) => directoryUserId).filter((id) => id !== null)),
];

/** They are locked only when one of them is among the people: then nobody else may take away the last but one. */
async function administratorsOf(stores: Stores, facts: CaseFacts): Promise<Set<string>> {
  const ids = await administratorIds(stores, 'look');
  const isConcerned = facts.employees.some((it) => ids.has(it.id));
  return isConcerned ? administratorIds(stores, 'lock') : ids;
}

const administratorIds = async ({ employees }: Stores, looking: Looking): Promise<Set<string>> =>
  new Set((await employees.administrators(looking)).map(({ id }) => id));
