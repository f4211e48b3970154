import type { GraphUserFields } from '../../directory/delta-change.ts';
import type { DirectoryUser, UserContent } from '../../directory/directory-user.ts';
import { contentBesideClient, contentFromGraph, isBlocked } from '../../directory/graph-user-content.ts';
import { sameJson } from '../../directory/same-json.ts';
import { wholeUser } from '../../directory/whole-object.ts';
import type { AppliedUser, StagedUser } from './graph-sync-ports.ts';

interface Moment {
  readonly connectionId: string;
  readonly now: string;
  readonly newId: () => string;
}

/** What becomes of one user that Graph spoke of. What is the same as before concerns nobody (REQ-14, A-07). */
export function decideStagedUser(staged: StagedUser, moment: Moment): AppliedUser {
  if (staged.removed !== null) return leave(staged, moment);
  const fields = fieldsOf(staged);
  if (fields === null) return unchanged(staged);
  if (staged.user === null) {
    // Also one whose row the client's deletion has purged: Graph told of it before, and it is not here any more.
    return staged.isWithdrawn || staged.known !== null
      ? { ...unchanged(staged), fields, removed: null, directoryUserId: null }
      : enter(staged, fields, moment);
  }
  return follow(staged, staged.user, fields, moment);
}

function fieldsOf({ fields, isWhole, known }: StagedUser): GraphUserFields | null {
  return isWhole || known === null ? wholeUser(fields) : { ...known.fields, ...fields };
}

const unchanged = ({ objectId, known, user, isBlocked: blocked }: StagedUser): AppliedUser => ({
  objectId,
  fields: known?.fields ?? null,
  removed: known?.removed ?? null,
  user: null,
  isNew: false,
  directoryUserId: user?.id ?? known?.directoryUserId ?? null,
  isBlocked: blocked,
  affected: null,
});

/**
 * Soft-deleted users keep their groups, as the provisioning client does not tell them again (D-03); one that is gone for good
 * and that no client ever provisioned leaves the mirror.
 */
function leave(staged: StagedUser, { now }: Moment): AppliedUser {
  const { user, isProvisioned, removed } = staged;
  const kept = { ...unchanged(staged), removed };
  if (user === null) return kept;
  const isGone = removed === 'deleted' && !isProvisioned && user.deletedAt === null;
  const isNews = isGone || !staged.isBlocked;
  return {
    ...kept,
    user: isGone ? { ...user, version: user.version + 1, deletedAt: now } : null,
    isBlocked: true,
    affected: isNews ? { isChanged: true, previous: user } : null,
  };
}

function enter(
  staged: StagedUser,
  fields: GraphUserFields,
  { connectionId, now, newId }: Moment,
): AppliedUser {
  const user: DirectoryUser = {
    ...contentFromGraph(fields),
    id: newId(),
    connectionId,
    objectId: staged.objectId,
    version: 1,
    createdAt: now,
    lastModifiedAt: now,
    deletedAt: null,
  };
  return {
    objectId: staged.objectId,
    fields,
    removed: null,
    user,
    isNew: true,
    directoryUserId: user.id,
    isBlocked: isBlocked(fields),
    affected: { isChanged: true, previous: null },
  };
}

function follow(
  staged: StagedUser,
  held: DirectoryUser,
  fields: GraphUserFields,
  { now }: Moment,
): AppliedUser {
  const { known, isProvisioned, objectId } = staged;
  const content: UserContent = isProvisioned
    ? contentBesideClient(held, known?.fields ?? null, fields)
    : { ...contentFromGraph(fields), externalId: held.externalId, active: held.active };
  const isSame = content.userName === held.userName && sameJson(content.attributes, held.attributes);
  const isRowSame = isSame && held.objectId === objectId && held.deletedAt === null;
  const blocked = isBlocked(fields);
  const isNews =
    !isSame ||
    held.deletedAt !== null ||
    blocked !== staged.isBlocked ||
    (known !== null && (known.removed !== null || differ(known.fields, fields)));
  const user = isRowSame
    ? null
    : { ...held, ...content, objectId, version: held.version + 1, lastModifiedAt: now, deletedAt: null };
  return {
    objectId,
    fields,
    removed: null,
    user,
    isNew: false,
    directoryUserId: held.id,
    isBlocked: blocked,
    // Joined with this row only now: the groups have to be looked at.
    affected:
      isNews || known?.directoryUserId !== held.id
        ? { isChanged: isNews, previous: isNews ? held : null }
        : null,
  };
}

const differ = (left: GraphUserFields, right: GraphUserFields): boolean =>
  !sameJson(toJson(left), toJson(right));

/** As the fields are stored. */
const toJson = (fields: GraphUserFields) => JSON.parse(JSON.stringify(fields));
