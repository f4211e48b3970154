import type { PlannedPerson } from '../operations/reconcile/plan-connection.ts';

export const representPlannedPerson = (person: PlannedPerson): object => ({
  directoryUserId: person.directoryUserId,
  displayName: person.displayName,
  before: person.before,
  after: person.after,
  effects: person.effects,
});
