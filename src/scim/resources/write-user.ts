import type { GroupOfUser } from '../../directory/directory-user.ts';
import type { StoredJson } from '../../directory/stored-json.ts';
import type { ShownUser, UserView } from '../../operations/resources/scim-operations.ts';
import type { Catalogue } from '../catalogue.ts';
import { JsonText } from '../protocol/json-text.ts';

const HEAD = '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"';
const URN = '"urn:';
/** Shown with an address that is not stored. */
const MANAGER = '"manager":';

/** Whether the extensions that users can hold are recognised in the text. */
export const canWriteUsers = ({ schemas }: Catalogue): boolean =>
  schemas.every(({ id }) => id.startsWith('urn:'));

const quote = (text: string): string => JSON.stringify(text);

/** Users of a page share their groups. */
const writtenGroups = new WeakMap<GroupOfUser, string>();

function writeGroup(group: GroupOfUser, base: string): string {
  const known = writtenGroups.get(group);
  if (known !== undefined) return known;
  const { id, displayName } = group;
  const text = `{"value":"${id}","$ref":${base}/Groups/${id}","display":${quote(displayName)},"type":"direct"}`;
  writtenGroups.set(group, text);
  return text;
}

function writeGroups(groups: readonly GroupOfUser[], base: string): string {
  let text = '';
  for (const group of groups) text += text === '' ? writeGroup(group, base) : `,${writeGroup(group, base)}`;
  return `,"groups":[${text}]`;
}

const writeMeta = ({ id, version, createdAt, lastModifiedAt }: ShownUser, base: string): string =>
  `,"meta":{"resourceType":"User","created":"${createdAt}","lastModified":"${lastModifiedAt}","location":${base}/Users/${id}","version":"W/\\"${version}\\""}}`;

/**
 * The URNs of the extensions that the attributes hold, as PostgreSQL prints jsonb; null where one is not shown as it is
 * stored. A URN before a colon is a key: what stands in front of a colon outside a string is nothing else, and within a
 * string the quote before the colon has a backslash.
 */
function extensionsIn(text: string): string | null {
  if (text.includes(MANAGER)) return null;
  let urns = '';
  for (let at = text.indexOf(URN); at >= 0; at = text.indexOf(URN, at + 1)) {
    const end = text.indexOf('"', at + URN.length);
    if (text[end - 1] === '\\' || !text.startsWith(': ', end + 1)) continue;
    // Empty, or no object: an extension that holds nothing is left out.
    if (text[end + 3] !== '{' || text[end + 4] === '}') return null;
    urns += `,${text.slice(at, end + 1)}`;
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
  // Without the closing quote: whatever follows is an id.
  const base = quote(scimBaseUrl).slice(0, -1);
  const attributes = text.length > 2 ? `,${text.slice(1, -1)}` : '';
  const externalId = user.externalId === null ? '' : `,"externalId":${quote(user.externalId)}`;
  const shownGroups = groups === null ? '' : writeGroups(groups, base);
  return new JsonText(
    `${HEAD}${extensions}],"id":"${user.id}"${externalId},"userName":${quote(user.userName)},"active":${user.active}${attributes}${shownGroups}${writeMeta(user, base)}`,
  );
}
