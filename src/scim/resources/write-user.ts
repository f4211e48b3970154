import type { GroupOfUser } from '../../directory/directory-user.ts';
import type { StoredJson } from '../../directory/stored-json.ts';
import type { ShownUser, UserView } from '../../operations/scim-operations.ts';
import { JsonText } from '../protocol/json-text.ts';
import { versionTag } from '../protocol/version-tag.ts';
import { locationOf } from './represent-common.ts';

const HEAD = '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"';

/**
 * A key with a colon, which only the URN of an extension has, and the value's first two characters. Nothing within a
 * string looks like it: between two quotes that are not escaped there is a string, or what stands between strings, which
 * does not begin with a letter; and only a key is followed by a colon.
 */
const EXTENSION = /"([A-Za-z][^"\\]*:[^"\\]*)": ?(..)/g;
/** Shown with an address that is not stored. */
const MANAGER = '"manager":';

const quote = (text: string): string => JSON.stringify(text);

function writeGroups(groups: readonly GroupOfUser[], scimBaseUrl: string): string {
  const written = groups.map(
    ({ id, displayName }) =>
      `{"value":"${id}","$ref":${quote(locationOf(scimBaseUrl, 'Groups', id))},"display":${quote(displayName)},"type":"direct"}`,
  );
  return `,"groups":[${written.join(',')}]`;
}

function writeMeta(user: ShownUser, scimBaseUrl: string): string {
  const location = quote(locationOf(scimBaseUrl, 'Users', user.id));
  const version = quote(versionTag(user.version));
  return `,"meta":{"resourceType":"User","created":"${user.createdAt}","lastModified":"${user.lastModifiedAt}","location":${location},"version":${version}}}`;
}

/** The extensions that the attributes hold; null where one of them is not shown as it is stored. */
function extensionsIn(text: string): string | null {
  if (text.includes(MANAGER)) return null;
  let urns = '';
  for (const [, urn = '', start = ''] of text.matchAll(EXTENSION)) {
    // Empty, or no object: an extension that holds nothing is left out.
    if (start[0] !== '{' || start === '{}') return null;
    urns += `,"${urn}"`;
  }
  return urns;
}

/**
 * The whole user as JSON, the same as `representUser` makes of it, without reading the stored attributes: reading and
 * writing them again is most of what a page of users costs. Null for the few users of whom more is to be said.
 */
export function writeUser(
  { user, groups }: UserView,
  stored: StoredJson,
  scimBaseUrl: string,
): JsonText | null {
  const { text } = stored;
  const extensions = extensionsIn(text);
  if (extensions === null) return null;
  const attributes = text.length > 2 ? `,${text.slice(1, -1)}` : '';
  const externalId = user.externalId === null ? '' : `,"externalId":${quote(user.externalId)}`;
  const shownGroups = groups === null ? '' : writeGroups(groups, scimBaseUrl);
  return new JsonText(
    `${HEAD}${extensions}],"id":"${user.id}"${externalId},"userName":${quote(user.userName)},"active":${user.active}${attributes}${shownGroups}${writeMeta(user, scimBaseUrl)}`,
  );
}
