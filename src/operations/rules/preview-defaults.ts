import type { DirectoryUser } from '../../directory/directory-user.ts';
import type { Moment, PersonCase } from '../../provisioning/case.ts';
import { decide } from '../../provisioning/decide.ts';
import type { CaseFacts } from '../../provisioning/facts.ts';
import { Ledger } from '../../provisioning/ledger.ts';
import type { Employee } from '../../provisioning/person.ts';
import type { EmployeeDefaults } from '../../provisioning/settings.ts';
import type { Stores } from '../ports.ts';
import type { Fingerprint, PlanTools, PlanWindow } from '../reconcile/plan-people.ts';
import { lookupOf } from '../reconcile/reconcile.ts';

/** Fields of an employee that defaults can fill. */
const filledFields = [
  'departmentId',
  'locationId',
  'managerId',
  'jobTitleId',
  'employmentType',
  'employeeRoleId',
] as const;

type FilledField = (typeof filledFields)[number];

/** A value that would come out differently: with the present defaults, and with the new ones. */
export interface FilledValue {
  readonly field: FilledField;
  readonly before: string | null;
  readonly after: string | null;
}

export interface FilledPerson {
  readonly directoryUserId: string;
  readonly displayName: string | null;
  /** Null for an employee that does not exist yet. */
  readonly employeeId: string | null;
  readonly fields: readonly FilledValue[];
}

export interface DefaultsPlan {
  readonly digest: string;
  readonly counts: Readonly<Record<FilledField, number>>;
  readonly items: readonly FilledPerson[];
  readonly total: number;
}

const batchSize = 200;
const connectionPage = 200;

/**
 * Who would get other values from the new defaults the next time that the directory changes them, or when provisioning
 * is switched on. Defaults fill new records and empty fields only, so whoever has everything is not listed.
 */
export async function planDefaults(
  stores: Stores,
  wanted: EmployeeDefaults,
  window: PlanWindow,
  tools: PlanTools,
): Promise<DefaultsPlan> {
  const summary = new DefaultsSummary(window, tools.startFingerprint());
  let after: string | null = null;
  do {
    const page: { after: string | null; limit: number } = { after, limit: connectionPage };
    const connections = await stores.connections.list(page);
    for (const { id } of connections.items) await planConnection(stores, id, wanted, summary, tools);
    after = connections.nextAfter;
  } while (after !== null);
  return summary.plan();
}

async function planConnection(
  stores: Stores,
  connectionId: string,
  wanted: EmployeeDefaults,
  summary: DefaultsSummary,
  { clock }: PlanTools,
): Promise<void> {
  const present = new Trial(clock.now());
  const changed = new Trial(clock.now());
  let after: string | null = null;
  do {
    const users: readonly DirectoryUser[] = await stores.planning.usersAfter(connectionId, after, batchSize);
    after = users.length === batchSize ? (users.at(-1)?.id ?? null) : null;
    if (users.length === 0) continue;
    const cases = users.map((user): PersonCase => ({ user, previous: null, cause: 'directory' }));
    const facts = switchedOn(await stores.planning.viewCases(lookupOf(cases)));
    present.absorb(facts);
    changed.absorb({ ...facts, defaults: wanted });
    for (const person of cases) summary.add(person.user, present.decide(person), changed.decide(person));
  } while (after !== null);
}

/** What the defaults are for is seen best before provisioning is switched on. */
const switchedOn = (facts: CaseFacts): CaseFacts => ({
  ...facts,
  settings: { ...facts.settings, provisioningMode: 'azureAdSync' },
});

export interface TrialResult {
  readonly employee: Employee | null;
  readonly isNew: boolean;
}

/** Decisions under one set of defaults. Made-up ids are numbers, so that two trials make up the same ones. */
class Trial {
  readonly #moment: Moment;
  #ledger: Ledger | null = null;
  #made = 0;

  constructor(now: string) {
    this.#moment = { now, newId: () => `new ${++this.#made}` };
  }

  absorb(facts: CaseFacts): void {
    if (this.#ledger === null) this.#ledger = new Ledger(facts);
    else this.#ledger.absorb(facts);
  }

  decide(person: PersonCase): TrialResult {
    if (this.#ledger === null) return { employee: null, isNew: false };
    decide(person, this.#ledger, this.#moment);
    const employee = this.#ledger.employeeOf(person.user.id);
    return { employee, isNew: employee !== null && this.#ledger.isNew(employee.id) };
  }
}

class DefaultsSummary {
  readonly #window: PlanWindow;
  readonly #fingerprint: Fingerprint;
  readonly #items: FilledPerson[] = [];
  readonly #counts: Record<FilledField, number> = {
    departmentId: 0,
    locationId: 0,
    managerId: 0,
    jobTitleId: 0,
    employmentType: 0,
    employeeRoleId: 0,
  };
  #total = 0;

  constructor(window: PlanWindow, fingerprint: Fingerprint) {
    this.#window = window;
    this.#fingerprint = fingerprint;
  }

  add(user: DirectoryUser, present: TrialResult, changed: TrialResult): void {
    const fields = differences(present.employee, changed.employee);
    if (fields.length === 0) return;
    const employeeId = changed.isNew ? null : (changed.employee?.id ?? null);
    this.#fingerprint.add(`${JSON.stringify([user.id, employeeId, fields])}\n`);
    for (const { field } of fields) this.#counts[field] += 1;
    const { offset, limit } = this.#window;
    if (this.#total >= offset && this.#total < offset + limit) {
      const { displayName } = user.attributes;
      const name = typeof displayName === 'string' ? displayName : null;
      this.#items.push({ directoryUserId: user.id, displayName: name, employeeId, fields });
    }
    this.#total += 1;
  }

  plan(): DefaultsPlan {
    const digest = this.#fingerprint.end();
    return { digest, counts: this.#counts, items: this.#items, total: this.#total };
  }
}

function differences(present: Employee | null, changed: Employee | null): readonly FilledValue[] {
  const values = filledFields.map((field) => ({
    field,
    before: present?.[field] ?? null,
    after: changed?.[field] ?? null,
  }));
  return values.filter(({ before, after }) => before !== after);
}
