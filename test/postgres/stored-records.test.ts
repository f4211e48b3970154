import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readStoredRecords, storeRecords } from '../../src/postgres/stored-records.ts';
import type { FieldChange } from '../../src/provisioning/provisioning-event.ts';
import type { RecordChange } from '../../src/provisioning/record-change.ts';

const changes: readonly FieldChange[] = [
  { field: 'username', before: null, after: 'ada', origin: 'directory' },
  { field: 'email', before: null, after: 'ada@contoso.example', origin: 'directory' },
  { field: 'loginEnabled', before: false, after: true, origin: 'rule' },
  { field: 'phone', before: '1', after: '2', origin: 'directory' },
];
const record: RecordChange = {
  kind: 'employee',
  id: 'e1',
  isNew: true,
  fields: [
    { field: 'username', before: null, after: 'ada' },
    { field: 'loginEmail', before: null, after: 'ada@contoso.example' },
    { field: 'loginEnabled', before: null, after: true },
    { field: 'phone', before: '1', after: '2' },
    { field: 'emails', before: [], after: [{ address: 'ada@contoso.example' }] },
  ],
};
const byField = (records: readonly RecordChange[]) =>
  records.map(({ fields, ...it }) => ({
    ...it,
    fields: fields.toSorted((left, right) => left.field.localeCompare(right.field)),
  }));
const roundTrip = (records: readonly RecordChange[]): readonly RecordChange[] =>
  readStoredRecords(JSON.parse(JSON.stringify(storeRecords({ changes, records }))), changes);

describe('records behind an entry of the log', () => {
  it('do not repeat what the changes of the entry say', () => {
    const [stored] = storeRecords({ changes, records: [record] }) ?? [];
    assert.deepEqual(
      stored?.fields.map(({ field }) => field),
      ['loginEmail', 'loginEnabled', 'emails'],
    );
  });

  it('come back as they were, also where a change of the same name says something else', () => {
    assert.deepEqual(byField(roundTrip([record])), byField([record]));
  });

  it('are kept in full when there are several', () => {
    const other = { ...record, id: 'e2' };
    assert.deepEqual(roundTrip([record, other]), [record, other]);
  });

  it('are read as an earlier release stored them', () => {
    assert.deepEqual(readStoredRecords([record], changes), [record]);
  });
});
