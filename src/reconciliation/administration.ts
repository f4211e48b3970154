import type { Outcome } from '../provisioning/case.ts';
import type { HeldEffect } from '../provisioning/held-change.ts';
import type { Ledger } from '../provisioning/ledger.ts';
import type { Employee } from '../provisioning/person.ts';
import { isEmployee } from '../provisioning/record-change.ts';
import { linkedRecords, type PersonBefore } from './person-change.ts';

/** Ids of employees whom a decision made administrators, and of those who have been and are no more. */
export interface AdministratorMoves {
  readonly won: readonly string[];
  readonly lost: readonly string[];
}

/** Null for a decision that changes nobody's administration. To be asked right after the decision was made in the ledger. */
export function administratorMoves(before: PersonBefore, ledger: Ledger): AdministratorMoves | null {
  const { employee } = linkedRecords(before.subject.user.id, ledger);
  const was = [before.employee, ...before.lookalikes.filter(isEmployee)].filter((it) => it !== null);
  const known = new Map(was.map((it) => [it.id, it]));
  const ids = new Set([...known.keys(), ...(employee === null ? [] : [employee.id])]);
  const moved = [...ids].map((id) => ({
    id,
    before: isAdministrator(known.get(id) ?? null, ledger),
    after: isAdministrator(ledger.employee(id), ledger),
  }));
  const won = moved.filter((it) => it.after && !it.before).map(({ id }) => id);
  const lost = moved.filter((it) => it.before && !it.after).map(({ id }) => id);
  return won.length + lost.length === 0 ? null : { won, lost };
}

function isAdministrator(employee: Employee | null, { facts }: Ledger): boolean {
  if (employee === null || employee.status !== 'active' || !employee.login.enabled) return false;
  const { securityRoleId } = employee;
  return securityRoleId !== null && facts.securityRoles.get(securityRoleId)?.isAdministrator === true;
}

/** What a decision with this outcome does to the administrator that it takes away. */
export const lossEffect = (outcome: Outcome): HeldEffect =>
  outcome === 'inactive'
    ? 'deactivate'
    : outcome === 'noRule'
      ? 'revokeAccess'
      : outcome === 'clientPortal'
        ? 'convert'
        : 'changeRole';
