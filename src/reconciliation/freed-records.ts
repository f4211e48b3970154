import type { PersonCase } from '../provisioning/case.ts';
import { caseKey } from '../provisioning/directory-identity.ts';
import type { ChangedPerson, Ledger } from '../provisioning/ledger.ts';
import type { Contact, Employee } from '../provisioning/person.ts';

/**
 * Ids of the records that another directory user may take from now on: their own one is deleted, they are linked to another
 * one, or they have given up an address. An archived employee hands its address over to the same person's contact, so
 * whoever has waited for the former since before then waits for the latter.
 */
export function freedRecords(cases: readonly PersonCase[], ledger: Ledger): readonly string[] {
  const left = cases
    .filter(({ user }) => user.deletedAt !== null)
    .flatMap(({ user }) => ledger.recordIdsOf(user.id));
  const changed = ledger
    .changedPeople()
    .filter(isFreed)
    .flatMap(({ before, after }) => [after.id, ...ledger.recordIdsOf(before?.directoryUserId ?? '')]);
  return [...new Set([...left, ...changed])];
}

/** Ids of the directory users whose record another one has taken: nothing that they wait for concerns it any more. */
export const formerOwners = (ledger: Ledger): readonly string[] => [
  ...new Set(
    ledger.changedPeople().flatMap(({ before, after }) => {
      const former = before?.directoryUserId ?? null;
      return former === null || after.directoryUserId === null || after.directoryUserId === former
        ? []
        : [former];
    }),
  ),
];

function isFreed({ before, after }: ChangedPerson): boolean {
  if (before === null || before.directoryUserId === null || after.status === 'archived') return false;
  if (before.directoryUserId !== after.directoryUserId) return true;
  const kept = addressesOf(after);
  return [...addressesOf(before)].some((address) => !kept.has(address));
}

function addressesOf(person: Employee | Contact): ReadonlySet<string> {
  const own = 'emails' in person ? person.emails.map(({ address }) => address) : [];
  return new Set([...own, person.login?.email ?? null].filter((it) => it !== null).map(caseKey));
}
