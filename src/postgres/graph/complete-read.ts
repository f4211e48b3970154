/** Whether the users of connection $2 of organization $1 were ever read completely. */
export const hasCompleteRead = `exists (
  select from graph_streams t
  where t.organization_id = $1 and t.connection_id = $2 and t.kind = 'users' and t.cursor is not null)`;
