import type { PeopleChanges, PeopleStore } from '../operations/ports.ts';
import { type CaseRow, readCaseFacts } from './case-facts.ts';
import { loadCasesText } from './case-statement.ts';
import { applyPeopleText, type PeopleSection } from './people-statements.ts';
import type { SqlConnection, Statement } from './sql-connection.ts';

const order: readonly PeopleSection[] = ['jobTitles', 'employees', 'contacts'];
const texts = new Map<string, string>();

/** One prepared statement per combination of what there is to write. */
function applyStatement(organizationId: string, changes: PeopleChanges): Statement | null {
  const sections = order.filter((section) => changes[section].length > 0);
  if (sections.length === 0) return null;
  const name = `apply_people_${sections.join('_')}`;
  const text = texts.get(name) ?? applyPeopleText(sections);
  texts.set(name, text);
  return {
    name,
    text,
    values: [organizationId, ...sections.map((section) => JSON.stringify(changes[section]))],
  };
}

export function makePeopleStore(connection: SqlConnection): PeopleStore {
  const { organizationId } = connection.context;
  return {
    loadCases: async (lookup) => {
      const load = async (): Promise<CaseRow> => {
        const [row] = await connection.rows<CaseRow>({
          name: 'load_cases',
          text: loadCasesText,
          values: [
            organizationId,
            lookup.users.map((user) => user.id),
            [...new Set(lookup.users.map((user) => user.connectionId))],
            lookup.addressKeys,
            lookup.usernameKeys,
            lookup.jobTitleKeys,
            lookup.usernameStems,
          ],
        });
        if (row === undefined) throw new Error('The case statement answers exactly one row');
        return row;
      };
      const row = await load();
      return readCaseFacts(row.isStale ? await load() : row);
    },
    apply: async (changes) => {
      const statement = applyStatement(organizationId, changes);
      if (statement !== null) await connection.execute(statement);
    },
  };
}
