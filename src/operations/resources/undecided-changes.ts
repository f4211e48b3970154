import type { DirectoryUser } from '../../directory/directory-user.ts';
import { managerIdOf } from '../../directory/manager.ts';
import { sameJson } from '../../directory/same-json.ts';
import type { ConnectionContext } from '../context.ts';
import { Finishing } from '../finishing.ts';
import { requireVersion } from '../precondition.ts';
import { changedUser, sameContent, userNotFound } from './changed-user.ts';
import type { ClientDependencies } from './scim-dependencies.ts';
import type { UserChange, UserChangeOptions, UserView } from './scim-operations.ts';
import { makeWriteTogether } from './write-together.ts';

export interface UndecidedChanges {
  /** Whether the latest changes of the connection were such that the next one may well be one more of them. */
  readonly areLikely: (context: ConnectionContext) => boolean;
  /** To be told of every change, whether somebody had to decide. */
  readonly note: (context: ConnectionContext, wasDecided: boolean) => void;
  /** Null when it is no such change: nothing has been written then. */
  readonly apply: (
    context: ConnectionContext,
    id: string,
    change: UserChange,
    options: UserChangeOptions,
  ) => Promise<UserView | null>;
}

/** Wrongly expected ones cost a statement more, so a few in a row have to speak for the next. */
const likelyAfter = 4;
const connectionsAtMost = 1000;

/**
 * Changes of users that the PSA cannot care about, as they come while a directory is filled: read without a lock, and
 * written together with others if the user is still the same then.
 */
export function makeUndecidedChanges({ unitOfWork, clock }: ClientDependencies): UndecidedChanges {
  const inRow = new Map<string, number>();
  const save = makeWriteTogether<DirectoryUser, boolean>((context, users) =>
    unitOfWork.write(context, 'shared', async (stores) => {
      const written: boolean[] = [];
      const saving = stores.users.saveUndecided(users).then((answers) => written.push(...answers));
      return new Finishing(written, saving);
    }),
  );

  const note = ({ connectionId }: ConnectionContext, wasDecided: boolean): void => {
    if (inRow.size >= connectionsAtMost && !inRow.has(connectionId)) inRow.clear();
    inRow.set(connectionId, wasDecided ? 0 : (inRow.get(connectionId) ?? 0) + 1);
  };

  const apply: UndecidedChanges['apply'] = async (context, id, change, { ifMatch }) => {
    const { connectionId } = context;
    const found = await unitOfWork.lookUp(context, (stores) => stores.users.takeUp(connectionId, id));
    if (found === null) throw userNotFound(id);
    if (found.isConcerned) {
      note(context, true);
      return null;
    }
    const { user: before, groups } = found;
    requireVersion(ifMatch, before.version);
    const wanted = change(before);
    if (sameContent(before, wanted)) return { user: before, groups };
    const hasSame = (name: string) =>
      sameJson(wanted.attributes[name] ?? null, before.attributes[name] ?? null);
    if (managerIdOf(wanted) !== managerIdOf(before) || !hasSame('emails')) return null;
    const user = changedUser(context, before, wanted, clock.now());
    return (await save(context, user)) ? { user, groups } : null;
  };

  return { areLikely: ({ connectionId }) => (inRow.get(connectionId) ?? 0) >= likelyAfter, note, apply };
}
