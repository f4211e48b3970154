import type { DirectoryUser, UserContent } from '../../directory/directory-user.ts';

/** Changes of users that came while provisioning was off. */
export interface UndecidedChangeStore {
  /** Remembers what the users were before; what is remembered of one already stays, since it is older. One statement. */
  readonly keep: (before: readonly DirectoryUser[]) => Promise<void>;
  /** What these users were before, by id, as far as they changed; it is forgotten with that. One statement. */
  readonly take: (userIds: readonly string[]) => Promise<ReadonlyMap<string, UserContent>>;
}
