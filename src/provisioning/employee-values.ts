import type { MappingRule } from '../mapping/mapping-rule.ts';
import type { Moment, Subject } from './case.ts';
import { caseKey, localPart, personNames } from './directory-identity.ts';
import type { Ledger } from './ledger.ts';
import type { Employee, Login } from './person.ts';
import { usernameCandidates } from './username.ts';

/** The best free username of the person; its own present one counts as free. */
export function freeUsername(subject: Subject, ledger: Ledger, personId: string): string | null {
  for (const candidate of usernameCandidates(subject.identity.loginName, subject.user.id)) {
    const holder = ledger.usernameHolder(candidate);
    if (holder === null || holder === personId) return candidate;
  }
  return null;
}

/** The directory's email when nobody else logs in with it, otherwise the present one. */
export function freeEmail(
  subject: Subject,
  ledger: Ledger,
  personId: string,
  present: string | null,
): string | null {
  const wanted = subject.identity.email;
  if (wanted === null) return present;
  const holder = ledger.emailHolder(wanted);
  return holder === null || holder === personId ? wanted : present;
}

/** True when the person's own user name got another local part: only then does the sync rename a login. */
function isRenamed(subject: Subject): boolean {
  if (subject.previousIdentity === null) return false;
  const before = localPart(subject.previousIdentity.loginName);
  return caseKey(before) !== caseKey(localPart(subject.identity.loginName));
}

/** Cleared upstream: there was a value and now there is none. Absent without having been there means keep. */
export const isCleared = (before: string | null | undefined, now: string | null): boolean =>
  before != null && now === null;

/** Username and email as the directory wants them, as far as they are free. */
export function directoryLogin(subject: Subject, ledger: Ledger, personId: string, login: Login): Login {
  const rename = login.username === null || isRenamed(subject);
  return {
    ...login,
    username: rename ? freeUsername(subject, ledger, personId) : login.username,
    email: freeEmail(subject, ledger, personId, login.email),
  };
}

function jobTitleFor(
  subject: Subject,
  ledger: Ledger,
  moment: Moment,
  present: string | null,
): string | null {
  const { settings, defaults } = ledger.facts;
  const title = subject.identity.jobTitle;
  if (title === null) {
    const cleared = isCleared(subject.previousIdentity?.jobTitle, title);
    return cleared ? defaults.jobTitleId : (present ?? defaults.jobTitleId);
  }
  const known = ledger.jobTitleId(title);
  if (known !== null) return known;
  if (settings.unknownJobTitle === 'keep') return present ?? defaults.jobTitleId;
  if (settings.unknownJobTitle === 'useDefault') return defaults.jobTitleId;
  const id = moment.newId();
  ledger.addJobTitle(id, title);
  return id;
}

/** Mapped fields of the directory over the record (REQ-15, REQ-17, REQ-19 to REQ-25). */
export function withDirectoryFields(
  employee: Employee,
  subject: Subject,
  ledger: Ledger,
  moment: Moment,
): Employee {
  const { identity, previousIdentity } = subject;
  const phoneCleared = isCleared(previousIdentity?.officePhone, identity.officePhone);
  return {
    ...employee,
    firstName: identity.firstName ?? employee.firstName,
    lastName: identity.lastName ?? employee.lastName,
    phone: identity.officePhone ?? (phoneCleared ? null : employee.phone),
    jobTitleId: jobTitleFor(subject, ledger, moment, employee.jobTitleId),
    login: directoryLogin(subject, ledger, employee.id, employee.login),
  };
}

/** Rule overrides, then employee defaults, into fields that are empty; nothing set is ever moved. */
export function withDefaults(employee: Employee, rule: MappingRule, ledger: Ledger): Employee {
  const { defaults } = ledger.facts;
  const { overrides } = rule;
  const manager = overrides.managerId ?? defaults.managerId;
  return {
    ...employee,
    departmentId: employee.departmentId ?? overrides.departmentId ?? defaults.departmentId,
    locationId: employee.locationId ?? overrides.locationId ?? defaults.locationId,
    managerId: employee.managerId ?? (manager === employee.id ? null : manager),
    employmentType: employee.employmentType ?? overrides.employmentType ?? defaults.employmentType,
    employeeRoleId: employee.employeeRoleId ?? overrides.employeeRoleId ?? defaults.employeeRoleId,
    jobTitleId: employee.jobTitleId ?? defaults.jobTitleId,
  };
}

/** An employee that does not exist yet, without any value of directory, rule or defaults but the names. */
export function blankEmployee(subject: Subject, moment: Moment): Employee {
  return {
    id: moment.newId(),
    ...personNames(subject.identity),
    phone: null,
    jobTitleId: null,
    departmentId: null,
    locationId: null,
    managerId: null,
    employmentType: null,
    employeeRoleId: null,
    securityRoleId: null,
    status: 'active',
    inactivatedBy: null,
    isRoot: false,
    archivedAt: null,
    predecessorId: null,
    successorId: null,
    createdAt: moment.now,
    updatedAt: moment.now,
    directoryUserId: null,
    winningRuleId: null,
    governed: false,
    login: { username: null, email: null, enabled: false, sessionsEndedAt: null },
  };
}
