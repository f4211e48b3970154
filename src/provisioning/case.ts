import type { DirectoryUser } from '../directory/directory-user.ts';
import type { MappingRule } from '../mapping/mapping-rule.ts';
import { match } from '../mapping/match.ts';
import { type DirectoryIdentity, identify } from './directory-identity.ts';
import type { CaseFacts } from './facts.ts';
import type { EventDraft } from './provisioning-event.ts';
import type { ReconcileCause } from './reconcile-cause.ts';

/** One directory user to be decided. `previous` is the user before the change, null when it is new or unchanged. */
export interface PersonCase {
  readonly user: DirectoryUser;
  readonly previous: DirectoryUser | null;
  readonly cause: ReconcileCause;
}

/** Time and new ids come from the caller, so that a decision depends on nothing but its input. */
export interface Moment {
  readonly now: string;
  readonly newId: () => string;
}

/** What becomes of the person. `off`: provisioning is switched off, the PSA stays untouched (REQ-48). */
export type Outcome = 'employee' | 'clientPortal' | 'noRule' | 'inactive' | 'held' | 'conflict' | 'off';

export interface Decision {
  readonly outcome: Outcome;
  readonly winningRule: MappingRule | null;
  readonly events: readonly EventDraft[];
}

/** A case with everything derived from it once. */
export interface Subject extends PersonCase {
  readonly identity: DirectoryIdentity;
  readonly previousIdentity: DirectoryIdentity | null;
  readonly winner: MappingRule | null;
}

export function subjectOf(person: PersonCase, facts: CaseFacts): Subject {
  const { user, previous } = person;
  const source = facts.connections.get(user.connectionId)?.emailSource ?? 'auto';
  const ruleIds = facts.memberRules.get(user.id) ?? [];
  const rules = ruleIds.map((id) => facts.rules.get(id)).filter((rule) => rule !== undefined);
  return {
    ...person,
    identity: identify(user, previous, source),
    previousIdentity: previous === null ? null : identify(previous, null, source),
    winner: match(rules),
  };
}
