/**
 * What Entra ID's provisioning service sends, in both of its dialects: without the feature flag (`Add`, string booleans,
 * members removed by a value list) and with `aadOptscim062020` (`add`, booleans, one path-less replace, filtered paths).
 */
export type Dialect = 'default' | 'aadOptscim062020';

export interface Person {
  readonly userName: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly title?: string;
  readonly officePhone?: string;
}

export interface ProvisioningClient {
  /** Matching query first, then POST: as a provisioning cycle does. Answers the id. */
  readonly provisionUser: (person: Person) => Promise<string>;
  readonly setManager: (userId: string, managerId: string) => Promise<void>;
  readonly rename: (userId: string, change: { userName: string; familyName: string }) => Promise<void>;
  readonly disable: (userId: string) => Promise<void>;
  readonly provisionGroup: (displayName: string, objectId: string) => Promise<string>;
  readonly addMembers: (groupId: string, userIds: readonly string[]) => Promise<void>;
  readonly removeMember: (groupId: string, userId: string) => Promise<void>;
  readonly requestCount: () => number;
}

const coreUser = 'urn:ietf:params:scim:schemas:core:2.0:User';
const enterpriseUser = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const entraGroup = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group';

interface Found {
  readonly Resources: readonly { readonly id: string }[];
}

export function makeProvisioningClient(
  scimBaseUrl: string,
  token: string,
  dialect: Dialect,
): ProvisioningClient {
  let requests = 0;
  const isDefault = dialect === 'default';
  const flag = isDefault ? '' : '?aadOptscim062020';

  async function call<Body>(method: string, path: string, body?: object): Promise<Body> {
    requests += 1;
    const joined = `${scimBaseUrl}${path}${path.includes('?') ? flag.replace('?', '&') : flag}`;
    const response = await fetch(joined, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
    return (text === '' ? null : JSON.parse(text)) as Body;
  }

  const patch = (path: string, ...operations: readonly object[]): Promise<void> =>
    call('PATCH', path, { schemas: [patchOp], Operations: operations });
  const find = (path: string, attribute: string, value: string): Promise<Found> =>
    call('GET', `${path}?filter=${encodeURIComponent(`${attribute} eq "${value}"`).replaceAll('%20', '+')}`);
  const op = (name: 'add' | 'replace' | 'remove'): string =>
    isDefault ? `${name.charAt(0).toUpperCase()}${name.slice(1)}` : name;

  return {
    provisionUser: async (person) => {
      const found = await find('/Users', 'userName', person.userName);
      const known = found.Resources[0];
      if (known) return known.id;
      const created = await call<{ id: string }>('POST', '/Users', userBody(person));
      return created.id;
    },
    setManager: (userId, managerId) =>
      patch(`/Users/${userId}`, { op: op('add'), path: `${enterpriseUser}:manager`, value: managerId }),
    rename: (userId, { userName, familyName }) =>
      isDefault
        ? patch(
            `/Users/${userId}`,
            { op: 'Replace', path: 'userName', value: userName },
            { op: 'Replace', path: 'name.familyName', value: familyName },
            { op: 'Replace', path: 'emails[type eq "work"].value', value: userName },
          )
        : patch(
            `/Users/${userId}`,
            { op: 'replace', path: 'emails[type eq "work"].value', value: userName },
            { op: 'replace', value: { userName, 'name.familyName': familyName } },
          ),
    disable: (userId) =>
      patch(`/Users/${userId}`, { op: op('replace'), path: 'active', value: isDefault ? 'False' : false }),
    provisionGroup: async (displayName, objectId) => {
      const found = await find('/Groups', 'displayName', displayName);
      const known = found.Resources[0];
      if (known) return known.id;
      const body = {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group', entraGroup],
        externalId: objectId,
        displayName,
        meta: { resourceType: 'Group' },
      };
      return (await call<{ id: string }>('POST', '/Groups', body)).id;
    },
    addMembers: (groupId, userIds) =>
      patch(`/Groups/${groupId}`, {
        op: op('add'),
        path: 'members',
        value: userIds.map((value) => (isDefault ? { $ref: null, value } : { value })),
      }),
    removeMember: (groupId, userId) =>
      isDefault
        ? patch(`/Groups/${groupId}`, {
            op: 'Remove',
            path: 'members',
            value: [{ $ref: null, value: userId }],
          })
        : patch(`/Groups/${groupId}`, { op: 'remove', path: `members[value eq "${userId}"]` }),
    requestCount: () => requests,
  };
}

function userBody(person: Person): object {
  const { userName, givenName, familyName } = person;
  return {
    schemas: [coreUser, enterpriseUser],
    externalId: userName.split('@')[0],
    userName,
    active: true,
    displayName: `${givenName} ${familyName}`,
    name: { givenName, familyName, formatted: `${givenName} ${familyName}` },
    emails: [{ primary: true, type: 'work', value: userName }],
    ...(person.title ? { title: person.title } : {}),
    ...(person.officePhone ? { phoneNumbers: [{ type: 'work', value: person.officePhone }] } : {}),
    meta: { resourceType: 'User' },
    roles: [],
  };
}
