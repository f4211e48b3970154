/**
 * `/users/{id}` for an object id or a user principal name. Guest names hold `#`, and a name that begins with `$` is only
 * understood in parentheses.
 */
export function userPath(user: string): string {
  const encoded = encodeURIComponent(user);
  return user.startsWith('$') ? `/users('${encoded.replaceAll("'", "''")}')` : `/users/${encoded}`;
}

export const groupPath = (groupId: string): string => `/groups/${encodeURIComponent(groupId)}`;

/** `id eq 'a' or id eq 'b'`, ready for a query. */
export const idFilter = (ids: readonly string[]): string =>
  encodeURIComponent(ids.map((id) => `id eq '${id.replaceAll("'", "''")}'`).join(' or '));
