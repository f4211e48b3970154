import type { GraphGroupFields, GraphUserFields, RemovalReason } from '../../directory/delta-change.ts';
import { type FoldedGroup, type FoldedUser, mergeGroups, mergeUsers } from '../../directory/fold-delta.ts';
import type {
  ContestedMember,
  SyncStagingStore,
  SyncStream,
} from '../../operations/sync/graph-sync-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';

interface StagedRow<Fields> {
  readonly objectId: string;
  readonly fields: Partial<Fields>;
  readonly removed: RemovalReason | null;
  readonly isContested: boolean;
}

type Kind = 'users' | 'groups';

/** Most rows of a read are the only ones about their object: those that are not are answered, to be joined. */
const insertText = (kind: Kind): string => {
  const stream = kind === 'groups' ? ', graph_stream_id' : '';
  return `
    with given as materialized (
      select r."objectId", r.fields, r.removed, r."isContested"
      from jsonb_to_recordset($3::jsonb) as r("objectId" uuid, fields jsonb, removed text, "isContested" boolean)
    ),
    added as (
      insert into graph_staged_${kind} (organization_id, connection_id, object_id, fields, removed, is_contested,
        is_whole${stream})
      select $1::uuid, $2::uuid, g."objectId", g.fields, g.removed, g."isContested",
        $4::boolean${kind === 'groups' ? ', $5::uuid' : ''}
      from given g
      on conflict on constraint graph_staged_${kind}__identity do nothing
      returning object_id
    )
    select s.object_id as "objectId", s.fields, s.removed, s.is_contested as "isContested"
    from graph_staged_${kind} s
    where s.organization_id = $1::uuid and s.connection_id = $2::uuid
      and s.object_id = any(array(select g."objectId" from given g except select a.object_id from added a))`;
};

const updateText = (kind: Kind): string => `
  with given as materialized (
    select r.* from jsonb_to_recordset($3::jsonb) as r("objectId" uuid, fields jsonb, removed text,
      "isContested" boolean, "isWhole" boolean)
  )
  update graph_staged_${kind} s set fields = g.fields, is_contested = g."isContested",
    -- whoever is gone for good cannot come back, whatever else is said of a removal
    removed = case when s.removed = 'deleted' and g.removed is not null then s.removed else g.removed end,
    is_whole = s.is_whole or coalesce(g."isWhole", false)
  from given g
  where s.organization_id = $1::uuid and s.connection_id = $2::uuid and s.object_id = g."objectId"
    and s.object_id = any(array(select h."objectId" from given h))`;

const stageMembersText = `
  insert into graph_staged_members as s (organization_id, connection_id, group_object_id, member_object_id, type,
    present, is_contested)
  select $1::uuid, $2::uuid, m."groupId", m."memberId", m.type, m.present, m."isContested"
  from jsonb_to_recordset($3::jsonb) as m("groupId" uuid, "memberId" uuid, type text, present boolean,
    "isContested" boolean)
  on conflict on constraint graph_staged_members__identity do update
    set type = case when excluded.type = 'unknown' then s.type else excluded.type end, present = excluded.present,
      is_contested = s.is_contested or excluded.is_contested or s.present <> excluded.present`;

/** Contradictory ones; and those of which not even the name is known, neither from before nor from this read. */
const unclearText = (kind: Kind, name: string): string => `
  select s.object_id as "id" from graph_staged_${kind} s
  where s.organization_id = $1 and s.connection_id = $2 and (s.is_contested
    or s.removed is null and not s.fields ? '${name}' and (s.is_whole or not exists (
      select from graph_${kind} k
      where k.organization_id = $1 and k.connection_id = $2 and k.object_id = s.object_id offset 0)))
  order by s.object_id limit $3`;

const rowOf = <Fields>(
  objectId: string,
  { fields, removed, isContested }: Omit<StagedRow<Fields>, 'objectId'>,
) => ({
  objectId,
  fields,
  removed,
  isContested,
});

export function makeStagingStore(connection: SqlConnection): SyncStagingStore {
  const { organizationId } = connection.context;

  /** Answers the rows that were there already, as they were. */
  const insert = async <Fields>(
    kind: Kind,
    connectionId: string,
    stream: SyncStream,
    rows: readonly StagedRow<Fields>[],
  ): Promise<readonly StagedRow<Fields>[]> =>
    connection.rows<StagedRow<Fields>>({
      name: `stage_${kind}`,
      text: insertText(kind),
      values: [
        organizationId,
        connectionId,
        JSON.stringify(rows),
        stream.isFull,
        ...(kind === 'groups' ? [stream.id] : []),
      ],
    });
  const update = async (kind: Kind, connectionId: string, rows: readonly object[]): Promise<void> => {
    if (rows.length === 0) return;
    const values = [organizationId, connectionId, JSON.stringify(rows)];
    await connection.execute({ text: updateText(kind), values });
  };
  const unclear = async (kind: Kind, name: string, connectionId: string, limit: number) => {
    const values = [organizationId, connectionId, limit];
    const rows = await connection.rows<{ id: string }>({ text: unclearText(kind, name), values });
    return rows.map(({ id }) => id);
  };
  const clear = (
    kind: Kind,
    connectionId: string,
    found: ReadonlyMap<string, GraphUserFields | GraphGroupFields | null>,
  ): Promise<void> =>
    update(
      kind,
      connectionId,
      [...found].map(([objectId, fields]) => ({
        objectId,
        fields: fields ?? {},
        removed: fields === null ? 'changed' : null,
        isContested: false,
        isWhole: fields !== null,
      })),
    );

  return {
    stageUsers: async (connectionId, stream, users) => {
      const rows = [...users].map(([objectId, user]) => rowOf(objectId, user));
      const known = await insert<GraphUserFields>('users', connectionId, stream, rows);
      const earlier = new Map<string, FoldedUser>(known.map((row) => [row.objectId, row]));
      const again = new Map([...users].filter(([objectId]) => earlier.has(objectId)));
      const joined = [...mergeUsers(earlier, again)].map(([objectId, user]) => rowOf(objectId, user));
      await update('users', connectionId, joined);
    },
    stageGroups: async (connectionId, stream, groups) => {
      const rows = [...groups].map(([objectId, group]) => rowOf(objectId, group));
      const known = await insert<GraphGroupFields>('groups', connectionId, stream, rows);
      const earlier = new Map<string, FoldedGroup>(
        known.map((row) => [row.objectId, { ...row, members: new Map() }]),
      );
      const again = new Map([...groups].filter(([objectId]) => earlier.has(objectId)));
      const joined = [...mergeGroups(earlier, again)].map(([objectId, group]) => rowOf(objectId, group));
      await update('groups', connectionId, joined);
      const members = [...groups].flatMap(([groupId, group]) =>
        // Which of the members the rows disagree about is not told: whoever is said to have left is asked about.
        [...group.members.values()].map((member) => ({
          ...member,
          groupId,
          isContested: group.isContested && !member.present,
        })),
      );
      if (members.length === 0) return;
      const values = [organizationId, connectionId, JSON.stringify(members)];
      await connection.execute({ name: 'stage_members', text: stageMembersText, values });
    },
    unclearUsers: (connectionId, limit) => unclear('users', 'userPrincipalName', connectionId, limit),
    unclearGroups: (connectionId, limit) => unclear('groups', 'displayName', connectionId, limit),
    contestedMembers: (connectionId, limit) =>
      connection.rows<ContestedMember>({
        text: `
          with contested as materialized (
            select s.group_object_id, s.member_object_id from graph_staged_members s
            where s.organization_id = $1 and s.connection_id = $2 and s.is_contested and not s.present
            order by s.member_object_id, s.group_object_id limit $3
          ),
          nesting as materialized (
            select g.group_object_id from (select distinct c.group_object_id from contested c) g
            where exists (select from graph_members m
                where m.organization_id = $1 and m.connection_id = $2 and m.group_object_id = g.group_object_id
                  and m.is_group)
              or exists (select from graph_staged_members n
                where n.organization_id = $1 and n.connection_id = $2 and n.group_object_id = g.group_object_id
                  and n.type = 'group' and n.present)
          )
          select c.group_object_id as "groupId", c.member_object_id as "memberId",
            c.group_object_id in (select n.group_object_id from nesting n) as "hasNestedGroups"
          from contested c
          order by c.member_object_id, c.group_object_id`,
        values: [organizationId, connectionId, limit],
      }),
    clearUsers: (connectionId, found) => clear('users', connectionId, found),
    clearGroups: (connectionId, found) => clear('groups', connectionId, found),
    clearMembers: async (connectionId, members) => {
      await connection.execute({
        text: `
          update graph_staged_members s set present = r.present, is_contested = false
          from jsonb_to_recordset($3::jsonb) as r("groupId" uuid, "memberId" uuid, present boolean)
          where s.organization_id = $1 and s.connection_id = $2 and s.group_object_id = r."groupId"
            and s.member_object_id = r."memberId"`,
        values: [organizationId, connectionId, JSON.stringify(members)],
      });
    },
  };
}
