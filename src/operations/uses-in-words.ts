/** What points at something, for instance `{ kind: 'employees', count: 3 }`. */
export interface Use {
  readonly kind: string;
  readonly count: number;
}

const words: Readonly<Record<string, readonly [one: string, many: string]>> = {
  employees: ['employee', 'employees'],
  contacts: ['contact', 'contacts'],
  mappingRules: ['mapping rule', 'mapping rules'],
};

function inWords({ kind, count }: Use): string {
  if (kind === 'employeeDefaults') return 'the employee defaults';
  const [one, many] = words[kind] ?? [kind, kind];
  return `${count} ${count === 1 ? one : many}`;
}

/** `2 employees, the employee defaults`. */
export const usesInWords = (uses: readonly Use[]): string => uses.map(inWords).join(', ');
