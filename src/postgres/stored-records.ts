import type { EventDraft, FieldChange } from '../provisioning/provisioning-event.ts';
import type { RecordChange, RecordFieldChange } from '../provisioning/record-change.ts';

/**
 * A record change as the log keeps it. Most of it stands in the changes of the same entry, and is not stored twice: `untold`
 * names those of them that are not about the record. Entries with several records are stored in full.
 */
export interface StoredRecord extends RecordChange {
  readonly untold?: readonly string[];
}

type Told = Pick<EventDraft, 'changes' | 'records'>;

export function storeRecords({ changes, records }: Told): readonly StoredRecord[] | undefined {
  const [record, ...others] = records ?? [];
  if (record === undefined || others.length > 0) return records;
  const rest = new Map(record.fields.map((it) => [it.field, it]));
  const untold: string[] = [];
  for (const { field, before, after } of changes) {
    const own = rest.get(field);
    if (own !== undefined && own.before === before && own.after === after) rest.delete(field);
    else untold.push(field);
  }
  return [{ ...record, fields: [...rest.values()], untold }];
}

export const readStoredRecords = (
  records: readonly StoredRecord[],
  changes: readonly FieldChange[],
): readonly RecordChange[] =>
  records.map(({ untold, ...record }) =>
    untold === undefined ? record : { ...record, fields: [...toldFields(changes, untold), ...record.fields] },
  );

const toldFields = (
  changes: readonly FieldChange[],
  untold: readonly string[],
): readonly RecordFieldChange[] =>
  changes.flatMap(({ field, before, after }) => (untold.includes(field) ? [] : [{ field, before, after }]));
