import type { Employee } from '../../provisioning/person.ts';
import { OperationError } from '../operation-error.ts';
import type { EmployeeInput } from './employee-input.ts';
import type { LockedEmployee, RelationSummary } from './people-ports.ts';

export const heldByRelations = (what: string, relations: readonly RelationSummary[]): OperationError =>
  new OperationError(
    'conflict',
    `${what}: tickets or other records hang on this person. Remove the relations first.`,
    {
      blockers: relations,
    },
  );

/** An archived employee is history: it is neither activated by hand nor, with relations, renamed (REQ-36). */
export function requireArchivedKept(locked: LockedEmployee, after: Employee, input: EmployeeInput): void {
  const { employee: before, relations } = locked.view;
  if (before.status !== 'archived') return;
  if (input.status !== undefined || input.loginEnabled === true) {
    throw new OperationError(
      'conflict',
      'The employee is archived. Only the directory brings it back: correct the group there.',
    );
  }
  const isRenamed =
    before.login.username !== after.login.username ||
    before.login.email !== after.login.email ||
    before.firstName !== after.firstName ||
    before.lastName !== after.lastName;
  if (isRenamed && relations.length > 0)
    throw heldByRelations('An archived employee cannot be renamed', relations);
}

/** What an employee loses with the change, as far as it keeps the organization administrable. */
export interface Loss {
  readonly login: boolean;
  readonly administration: boolean;
}

/**
 * The root user, and the last active administrator, keep login and role. The administrators are locked, so that
 * two requests cannot each leave the last one to the other.
 */
export function requireAdministrable({ view, administratorIds }: LockedEmployee, loss: Loss): void {
  const { employee } = view;
  if (employee.isRoot && (loss.login || loss.administration)) {
    throw new OperationError(
      'conflict',
      'The root user cannot be deactivated, demoted or deleted, and keeps its login.',
    );
  }
  if (!administratorIds.has(employee.id) || administratorIds.size > 1) return;
  if (loss.login || loss.administration) {
    throw new OperationError(
      'conflict',
      'This is the last active administrator. Make somebody else an administrator first.',
    );
  }
}
