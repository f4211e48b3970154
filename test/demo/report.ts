import type { AdminClient } from './admin-client.ts';

interface DirectoryUser {
  readonly id: string;
  readonly userName: string;
  readonly displayName: string | null;
  readonly groups: readonly { readonly name: string }[];
  readonly employeeId: string | null;
  readonly contactId: string | null;
}

interface Explanation {
  readonly decision: {
    readonly outcome: string;
    readonly candidates: readonly {
      readonly groupName: string | null;
      readonly verdict: string;
      readonly reason: string;
    }[];
  };
}

interface Person {
  readonly username: string | null;
  readonly securityRoleId: string | null;
  readonly status: string;
}

/** One line a person: groups, the rule that won and why, and the PSA record that it made. */
export async function report(admin: AdminClient): Promise<void> {
  const roles = new Map(
    (await admin.all<{ id: string; name: string }>('/security-roles')).map((role) => [role.id, role.name]),
  );
  const rows: string[][] = [];
  for (const user of await admin.all<DirectoryUser>('/directory-users'))
    rows.push(await rowOf(admin, user, roles));
  printTable(['Person', 'Groups', 'Winning rule', 'Outcome', 'Record', 'Username', 'Role'], rows);
}

async function rowOf(
  admin: AdminClient,
  user: DirectoryUser,
  roles: ReadonlyMap<string, string>,
): Promise<string[]> {
  const { decision } = await admin.get<Explanation>(`/directory-users/${user.id}/explanation`);
  const winner = decision.candidates.find((candidate) => candidate.verdict === 'won');
  const loser = decision.candidates.find((candidate) => candidate.verdict.startsWith('lost'));
  const why = loser?.verdict === 'lostOnGroupAge' ? 'older group' : 'lower Order';
  const record = user.employeeId === null ? 'contact' : 'employee';
  const path = user.employeeId === null ? `/contacts/${user.contactId}` : `/employees/${user.employeeId}`;
  const person = user.employeeId === null && user.contactId === null ? null : await admin.get<Person>(path);
  return [
    user.userName,
    user.groups.map((group) => group.name).join(', ') || '–',
    winner === undefined ? '–' : `${winner.groupName}${loser ? `, ${why} than ${loser.groupName}` : ''}`,
    decision.outcome,
    person === null ? '–' : `${record}, ${person.status}`,
    person?.username ?? '–',
    roles.get(person?.securityRoleId ?? '') ?? '–',
  ];
}

const widest = 64;
const cut = (text: string): string => (text.length > widest ? `${text.slice(0, widest - 1)}…` : text);

function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const shown = [header, ...rows].map((row) => row.map(cut));
  const widths = header.map((_, column) => Math.max(...shown.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const [head = [], ...body] = shown;
  console.log(line(head));
  console.log(widths.map((width) => '─'.repeat(width)).join('  '));
  for (const row of body) console.log(line(row));
}
