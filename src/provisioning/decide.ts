import { becomeContact } from './become-contact.ts';
import { becomeEmployee } from './become-employee.ts';
import { type Decision, type Moment, type PersonCase, type Subject, subjectOf } from './case.ts';
import type { Ledger } from './ledger.ts';
import { leaveDirectory, loseRule } from './lose-access.ts';

/**
 * What should become of one person, from the directory user, the rules its groups select, and the records that exist
 * (the state table: existing record × winning rule). Writes into the ledger only; deterministic.
 */
export function decide(person: PersonCase, ledger: Ledger, moment: Moment): Decision {
  return decideSubject(subjectOf(person, ledger.facts), ledger, moment);
}

/** The same for somebody about whom everything was derived already, from the facts in the ledger. */
export function decideSubject(subject: Subject, ledger: Ledger, moment: Moment): Decision {
  const { user, winner } = subject;
  if (ledger.facts.settings.provisioningMode === 'off')
    return { outcome: 'off', winningRule: winner, events: [] };
  // The provisioning client and Graph may differ for a while: the more restrictive of the two counts.
  const isBlocked = !user.active || ledger.facts.blockedUsers.has(user.id);
  if (user.deletedAt !== null || isBlocked) return leaveDirectory(subject, ledger, moment);
  if (winner === null) return loseRule(subject, ledger, moment);
  return winner.userType === 'employee'
    ? becomeEmployee(subject, winner, ledger, moment)
    : becomeContact(subject, winner, ledger, moment);
}
