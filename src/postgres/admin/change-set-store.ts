import type {
  ChangeSet,
  ChangeSetState,
  ChangeSetStore,
  ConfigurationChange,
  RecordedEvent,
  UndoLookup,
} from '../../operations/change-sets/change-set-ports.ts';
import type { Identifiers } from '../../operations/ports.ts';
import type { EventTrigger, FieldChange } from '../../provisioning/provisioning-event.ts';
import { type CaseRow, readCaseFacts } from '../case-facts.ts';
import { loadPeopleText, viewPeopleText } from '../case-statement.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { readStoredRecords, type StoredRecord } from '../stored-records.ts';
import { isUuid } from '../uuid.ts';
import * as text from './change-set-statements.ts';

interface HeadRow {
  /** Of the entry or change that came first. */
  readonly key: string;
  readonly id: string;
  readonly trigger: EventTrigger;
  readonly connectionId: string | null;
  readonly runId: string | null;
  readonly requestId: string | null;
  readonly at: string;
}

interface RecordedRow extends Omit<RecordedEvent, 'records'> {
  readonly changes: readonly FieldChange[];
  readonly records: readonly StoredRecord[];
}

interface ContentRow {
  readonly counts: ChangeSet['counts'] | null;
  readonly configurationChanges: number;
  readonly isWhole: boolean;
  readonly isPartial: boolean;
  readonly undoOf: string | null;
}

const stateOf = ({ isWhole, isPartial }: ContentRow): ChangeSetState =>
  isWhole ? 'undone' : isPartial ? 'partlyUndone' : 'applied';

export function makeChangeSetStore(connection: SqlConnection, nextId: Identifiers['next']): ChangeSetStore {
  const { organizationId } = connection.context;

  /** What names a change set as a run, when it can be one, and as a request. */
  const namesOf = (id: string): readonly (string | null)[] => [isUuid(id) ? id : null, id];

  const complete = async (head: HeadRow): Promise<ChangeSet & { key: string }> => {
    const values = [organizationId, ...namesOf(head.id)];
    const [row] = await connection.rows<ContentRow>({
      name: 'change_set_content',
      text: text.content,
      values,
    });
    if (row === undefined) throw new Error('The statement answers exactly one row');
    const { counts, configurationChanges, undoOf } = row;
    return { ...head, counts: counts ?? {}, configurationChanges, undoOf, state: stateOf(row) };
  };

  const people = async (name: string, statement: string, lookup: UndoLookup) => {
    const load = () =>
      connection.rows<CaseRow>({
        name,
        text: statement,
        values: [
          organizationId,
          lookup.userIds,
          [],
          lookup.addressKeys,
          lookup.usernameKeys,
          [],
          [],
          lookup.personIds,
        ],
      });
    const [first] = await load();
    const [row] = first?.isStale ? await load() : [first];
    if (row === undefined) throw new Error('The case statement answers exactly one row');
    return readCaseFacts(row);
  };

  return {
    list: async ({ trigger, connectionId }, { after, limit }) => {
      const values = [organizationId, after, trigger, connectionId, limit + 1];
      const heads = await connection.rows<HeadRow>({ text: text.heads, values });
      const items = [];
      for (const head of heads.slice(0, limit)) items.push(await complete(head));
      const last = items.at(-1);
      return { items, nextAfter: heads.length > limit && last !== undefined ? last.key : null };
    },
    get: async (id) => {
      const values = [organizationId, ...namesOf(id)];
      const [head] = await connection.rows<HeadRow>({ name: 'change_set_head', text: text.head, values });
      return head === undefined ? null : complete(head);
    },
    recordedEvents: async ({ changeSetId, personIds, before, limit }) => {
      const values = [organizationId, ...namesOf(changeSetId), before, limit];
      const rows = await connection.rows<RecordedRow>(
        personIds === null
          ? { name: 'change_set_events', text: text.recordedEvents, values }
          : {
              name: 'change_set_events_of',
              text: text.recordedEventsOfPeople,
              values: [...values, personIds],
            },
      );
      return rows.map(({ changes, records, ...row }) => ({
        ...row,
        records: readStoredRecords(records, changes),
      }));
    },
    configurationChanges: (changeSetId) =>
      connection.rows<ConfigurationChange>({
        name: 'change_set_configuration',
        text: text.configurationChanges,
        values: [organizationId, changeSetId],
      }),
    noteConfiguration: async (changes, requestId, at) => {
      const rows = changes.map((change) => ({ id: nextId(), ...change }));
      const values = [organizationId, at, requestId, JSON.stringify(rows)];
      await connection.execute({ name: 'note_configuration', text: text.noteConfiguration, values });
    },
    loadPeople: (lookup) => people('load_people', loadPeopleText, lookup),
    viewPeople: (lookup) => people('view_people', viewPeopleText, lookup),
    existing: async (ids) => {
      const values = [organizationId, ids];
      const rows = await connection.rows<{ id: string }>({
        name: 'existing_ids',
        text: text.existing,
        values,
      });
      return new Set(rows.map(({ id }) => id));
    },
    noteUndo: async ({ undoId, changeSetId, at, isWhole }) => {
      const values = [organizationId, undoId, changeSetId, at, isWhole];
      await connection.execute({ name: 'note_undo', text: text.noteUndo, values });
    },
    keepUndone: async (userIds) => {
      const values = [organizationId, userIds];
      await connection.execute({ name: 'keep_undone', text: text.keepUndone, values });
    },
    withoutUndone: async (userIds) => {
      const values = [organizationId, userIds];
      const rows = await connection.rows<{ id: string }>({
        name: 'without_undone',
        text: text.withoutUndone,
        values,
      });
      return rows.map(({ id }) => id);
    },
    forgetUndone: async () => {
      await connection.execute({
        text: 'delete from undone_users where organization_id = $1::uuid',
        values: [organizationId],
      });
    },
    forget: async (before, limit) => {
      const values = [organizationId, before, limit];
      const changes = await connection.execute({ text: text.forgetConfiguration, values });
      // Notes name change sets, so the changes go first.
      const notes =
        changes === limit
          ? 0
          : await connection.execute({
              text: text.forgetUndos,
              values: [organizationId, before, limit - changes],
            });
      return changes + notes;
    },
  };
}
