import { gatherChanges, type ObjectDelta } from './delta-changes.ts';
import type { DeltaPlace, DeltaTracking } from './delta-token.ts';
import { DEFAULT_PROPERTIES, type DirectoryObject, type Json, odataType } from './directory-object.ts';
import { representDeltaRow } from './represent-object.ts';
import { seededRandom, shuffled } from './seeded-random.ts';
import type { TenantDirectory } from './tenant-directory.ts';

export type DeltaRow = Record<string, Json | undefined>;

export interface DeltaPage {
  readonly rows: readonly DeltaRow[];
  /** Where the next page begins; null on the last page. */
  readonly next: DeltaPlace | null;
}

export interface DeltaReader {
  readonly tenant: TenantDirectory;
  readonly tracking: DeltaTracking;
  /** Whether the caller sees the members of a group. */
  readonly showsMembers: (groupId: string) => boolean;
  /** `Prefer: return=minimal`. */
  readonly isMinimal: boolean;
  /** Changes gathered for earlier pages of the same round. */
  readonly gathered: Map<string, readonly ObjectDelta[]>;
}

/** Rounds of which the gathered changes are kept. */
const KEPT_ROUNDS = 8;

/** What a query follows: the selected properties, or the default ones with the members of groups. */
function trackedProperties({ collection, select }: DeltaTracking): readonly string[] {
  if (select !== null) return select;
  return collection === 'users' ? DEFAULT_PROPERTIES.user : [...DEFAULT_PROPERTIES.group, 'members'];
}

/** The page that begins at the place. The same place gives the same page as long as nothing changes. */
export function readDeltaPage(reader: DeltaReader, place: DeltaPlace): DeltaPage {
  const { emptyPageEvery } = reader.tenant.settings;
  if (emptyPageEvery > 1 && place.page % emptyPageEvery === emptyPageEvery - 1) {
    return { rows: [], next: { ...place, page: place.page + 1 } };
  }
  const page = place.phase === 'enumerate' ? enumerate(reader, place) : tellChanges(reader, place);
  return { ...page, rows: disturb(reader, place, page.rows) };
}

/** The members a row may tell, made one by one: a group of a hundred thousand fills many pages. */
interface MemberSlots {
  readonly length: number;
  readonly at: (slot: number) => Json | undefined;
}

const NO_MEMBERS: MemberSlots = { length: 0, at: () => undefined };

/** Fills one page from a list of sources, each of which may bring more members than fit. */
class PageBuilder {
  readonly rows: DeltaRow[] = [];
  #membersLeft: number;
  readonly #rowLimit: number;

  constructor({ settings }: TenantDirectory) {
    this.#rowLimit = settings.deltaPageSize;
    this.#membersLeft = settings.deltaMembersPerPage;
  }

  get isFull(): boolean {
    return this.rows.length >= this.#rowLimit || this.#membersLeft <= 0;
  }

  /** Takes members from the slot on; the slot to go on with, or null when all are told. */
  add(row: DeltaRow, slots: MemberSlots, from: number): number | null {
    const members: Json[] = [];
    let slot = from;
    for (; slot < slots.length && this.#membersLeft > 0; slot += 1) {
      const member = slots.at(slot);
      if (member === undefined) continue;
      members.push(member);
      this.#membersLeft -= 1;
    }
    this.rows.push(members.length > 0 ? { ...row, 'members@delta': members } : row);
    return slot < slots.length ? slot : null;
  }
}

function enumerate(reader: DeltaReader, place: DeltaPlace): DeltaPage {
  const { tenant, tracking } = reader;
  const table = tracking.collection === 'users' ? tenant.users : tenant.groups;
  const ids = tracking.ids ?? table.order;
  const builder = new PageBuilder(tenant);
  // What was added since the round began is told by the next one.
  const end = tracking.ids === null ? Math.min(place.to, ids.length) : ids.length;
  let { row, slot } = place;
  for (; row < end && !builder.isFull; row += 1) {
    const rest = addObject(reader, builder, table.get(ids[row] ?? ''), slot);
    slot = 0;
    if (rest !== null)
      return { rows: builder.rows, next: { ...place, row, slot: rest, page: place.page + 1 } };
  }
  const next = row < end ? { ...place, row, slot: 0, page: place.page + 1 } : null;
  return { rows: builder.rows, next };
}

function addObject(
  { tenant, ...reader }: DeltaReader,
  builder: PageBuilder,
  object: DirectoryObject | undefined,
  slot: number,
): number | null {
  if (object?.deletedAt !== null) {
    if (object && tenant.settings.removedInFirstRound) builder.rows.push(removedRow(object.id, 'changed'));
    return null;
  }
  const tracked = trackedProperties(reader.tracking);
  const members = withMembers({ tenant, ...reader }, tracked, object.id)
    ? liveMembers(tenant, object.id)
    : NO_MEMBERS;
  return builder.add(representDeltaRow(object, tracked), members, slot);
}

function withMembers(reader: DeltaReader, tracked: readonly string[], groupId: string): boolean {
  return (
    reader.tracking.collection === 'groups' && tracked.includes('members') && reader.showsMembers(groupId)
  );
}

function liveMembers(tenant: TenantDirectory, groupId: string): MemberSlots {
  const slots = tenant.memberships.slots(groupId);
  return {
    length: slots.length,
    at: (slot) => {
      const id = slots[slot];
      if (id === undefined) return undefined;
      if (tenant.users.isLive(id)) return memberRow(id, 'user');
      return tenant.groups.isLive(id) ? memberRow(id, 'group') : undefined;
    },
  };
}

function memberRow(id: string, type: 'user' | 'group'): Json {
  return { '@odata.type': odataType(type), id };
}

function tellChanges(reader: DeltaReader, place: DeltaPlace): DeltaPage {
  const deltas = gatheredFor(reader, place);
  const builder = new PageBuilder(reader.tenant);
  let { row, slot } = place;
  for (; row < deltas.length && !builder.isFull; row += 1) {
    const delta = deltas[row];
    if (delta === undefined) continue;
    const rest = addDelta(reader, builder, delta, slot);
    slot = 0;
    if (rest !== null)
      return { rows: builder.rows, next: { ...place, row, slot: rest, page: place.page + 1 } };
  }
  const next = row < deltas.length ? { ...place, row, slot: 0, page: place.page + 1 } : null;
  return { rows: builder.rows, next };
}

function gatheredFor({ tenant, tracking, gathered }: DeltaReader, place: DeltaPlace): readonly ObjectDelta[] {
  const key = JSON.stringify([tracking, place.from, place.to, tenant.settings.separateRows]);
  const known = gathered.get(key);
  if (known) return known;
  const deltas = gatherChanges(tenant, tracking, trackedProperties(tracking), place);
  gathered.set(key, deltas);
  for (const oldest of gathered.keys()) {
    if (gathered.size <= KEPT_ROUNDS) break;
    gathered.delete(oldest);
  }
  return deltas;
}

function addDelta(
  reader: DeltaReader,
  builder: PageBuilder,
  delta: ObjectDelta,
  slot: number,
): number | null {
  const { tenant, tracking, isMinimal } = reader;
  const object = (tracking.collection === 'users' ? tenant.users : tenant.groups).get(delta.id);
  if (object?.deletedAt !== null) {
    builder.rows.push(removedRow(delta.id, object ? 'changed' : 'deleted'));
    return null;
  }
  const tracked = trackedProperties(tracking);
  const shown = (isMinimal || delta.values !== null) && !delta.isWhole ? [...delta.changed] : tracked;
  const source = delta.values === null ? object : { ...object, properties: delta.values };
  const row = representDeltaRow(source, shown);
  return builder.add(row, changedMembers(reader, tracked, delta), slot);
}

function changedMembers(reader: DeltaReader, tracked: readonly string[], delta: ObjectDelta): MemberSlots {
  if (!withMembers(reader, tracked, delta.id)) return NO_MEMBERS;
  const { tenant } = reader;
  return {
    length: delta.members.length,
    at: (slot) => {
      const [id = '', what] = delta.members[slot] ?? [];
      const type = tenant.typeOf(id) ?? 'user';
      // Here the reason says that the membership is gone, not the member.
      if (what === 'removed')
        return { '@odata.type': odataType(type), id, '@removed': { reason: 'deleted' } };
      return tenant.isLive(id) ? memberRow(id, type) : undefined;
    },
  };
}

function removedRow(id: string, reason: 'changed' | 'deleted'): DeltaRow {
  return { id, '@removed': { reason } };
}

/**
 * Nothing promises an order, nor that an object is told once. Rows with values of their time stay in order, or the last
 * one would not be the true one.
 */
function disturb({ tenant }: DeltaReader, place: DeltaPlace, rows: readonly DeltaRow[]): readonly DeltaRow[] {
  const { repeatRows, shuffleRows, separateRows } = tenant.settings;
  if (separateRows) return rows;
  const repeated = repeatRows > 0 ? [...rows, ...rows.slice(0, repeatRows)] : rows;
  return shuffleRows === null ? repeated : shuffled(repeated, seededRandom(shuffleRows + place.page));
}
