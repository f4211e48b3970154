import type { ChangedPerson } from './ledger.ts';
import type { EventDraft } from './provisioning-event.ts';
import { type RecordChange, recordChange } from './record-change.ts';

/**
 * Notes with the entries what became of each record in full. A record goes with the last entry about it, one that no
 * entry names with the last one about its directory user.
 */
export function withRecords(
  events: readonly EventDraft[],
  changed: readonly ChangedPerson[],
): readonly EventDraft[] {
  const byRecord = new Map<string, number>();
  const byUser = new Map<string, number>();
  for (const [index, { employeeId, contactId, directoryUserId }] of events.entries()) {
    if (employeeId !== null) byRecord.set(employeeId, index);
    if (contactId !== null) byRecord.set(contactId, index);
    if (directoryUserId !== null) byUser.set(directoryUserId, index);
  }
  const records = new Map<number, readonly RecordChange[]>();
  for (const { before, after } of changed) {
    const change = recordChange(before, after);
    const index = byRecord.get(after.id) ?? byUser.get(after.directoryUserId ?? '');
    if (change.fields.length === 0 || index === undefined) continue;
    records.set(index, [...(records.get(index) ?? []), change]);
  }
  return events.map((event, index) => {
    const own = records.get(index);
    return own === undefined ? event : { ...event, records: own };
  });
}
