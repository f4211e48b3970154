import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type PersonEventType,
  personEventType,
  personEventTypes,
} from '../../src/provisioning/person-event.ts';
import type { EventAction, EventDraft, FieldChange } from '../../src/provisioning/provisioning-event.ts';

const status = (before: string | null, after: string | null): readonly FieldChange[] => [
  { field: 'status', before, after, origin: 'directory' },
];

const typeOf = (
  action: EventAction,
  subject: 'employee' | 'contact' | null,
  changes: EventDraft['changes'] = [],
) =>
  personEventType({
    directoryUserId: 'user',
    employeeId: subject === 'employee' ? 'employee' : null,
    contactId: subject === 'contact' ? 'contact' : null,
    action,
    reason: 'Because.',
    winningRuleId: null,
    changes,
  });

/** What the log calls a change, and what employees and contacts are published as. */
const plain: readonly (readonly [EventAction, PersonEventType | null, PersonEventType | null])[] = [
  ['created', 'employee.created', 'contact.created'],
  ['merged', 'employee.updated', 'contact.updated'],
  ['updated', 'employee.updated', 'contact.updated'],
  ['roleChanged', 'employee.updated', 'contact.updated'],
  ['converted', 'employee.updated', 'contact.updated'],
  ['accessGranted', 'employee.accessGranted', 'contact.accessGranted'],
  ['accessRevoked', 'employee.accessRevoked', 'contact.accessRevoked'],
  ['deactivated', 'employee.deactivated', 'contact.deactivated'],
  ['reactivated', 'employee.reactivated', 'contact.reactivated'],
  ['archived', 'employee.archived', 'contact.deactivated'],
  ['restored', 'employee.restored', 'contact.reactivated'],
  ['unchanged', null, null],
  ['held', null, null],
  ['conflict', null, null],
  ['failed', null, null],
];

describe('published type of a log entry', () => {
  for (const [action, employee, contact] of plain) {
    it(`of ${action} is ${employee ?? 'none'}, ${contact ?? 'none'}`, () => {
      assert.equal(typeOf(action, 'employee'), employee);
      assert.equal(typeOf(action, 'contact'), contact);
      assert.equal(typeOf(action, null), null, 'of nobody');
    });
  }

  it('is created for a record that a conversion made, and another one for a record that was there', () => {
    assert.equal(typeOf('converted', 'contact', status(null, 'active')), 'contact.created');
    assert.equal(typeOf('converted', 'employee', status(null, 'active')), 'employee.created');
    assert.equal(typeOf('converted', 'contact', status('inactive', 'active')), 'contact.updated');
  });

  it('is deleted for a record that is gone, whatever the log calls it', () => {
    assert.equal(typeOf('deactivated', 'employee', status('active', null)), 'employee.deleted');
    assert.equal(typeOf('deactivated', 'contact', status('inactive', null)), 'contact.deleted');
    assert.equal(typeOf('deactivated', 'contact', status('active', 'inactive')), 'contact.deactivated');
  });

  it('is spelt as Standard Webhooks recommends', () => {
    for (const type of personEventTypes) assert.match(type, /^[a-zA-Z0-9_]+\.[a-zA-Z0-9_]+$/);
  });
});
