import type { UserContent } from './directory-user.ts';

const enterpriseUser = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** The SCIM id of the user's manager, null when there is none. */
export function managerIdOf(user: UserContent): string | null {
  const extension = user.attributes[enterpriseUser];
  if (typeof extension !== 'object' || extension === null || !('manager' in extension)) return null;
  const { manager } = extension;
  if (typeof manager !== 'object' || manager === null || !('value' in manager)) return null;
  return typeof manager.value === 'string' ? manager.value : null;
}
