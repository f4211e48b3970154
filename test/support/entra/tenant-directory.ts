import { createHash, randomUUID } from 'node:crypto';
import { type Change, ChangeLog, type Lifecycle, type NewChange } from './change-log.ts';
import { CLOUDS, type Cloud } from './clouds.ts';
import type { Json, ObjectType, Properties } from './directory-object.ts';
import { DAY, type EmulatorClock, isoSeconds } from './emulator-clock.ts';
import { MembershipTable } from './membership-table.ts';
import { ObjectTable } from './object-table.ts';
import { defaultTenantSettings, type TenantSettings } from './tenant-settings.ts';

export interface TenantInput {
  /** The directory's GUID; made up when left out. */
  readonly id?: string;
  readonly displayName?: string;
  /** The first is the default domain; an `….onmicrosoft.com` among them is the initial one. */
  readonly domains: readonly string[];
  readonly cloud?: Cloud;
  readonly settings?: Partial<TenantSettings>;
}

export interface UserInput {
  readonly id?: string;
  readonly userPrincipalName: string;
  readonly [property: string]: Json | undefined;
}

export interface GroupInput {
  readonly id?: string;
  readonly displayName: string;
  readonly members?: readonly string[];
  readonly [property: string]: Json | undefined;
}

/** How long the recycle bin keeps users and groups. */
const RETENTION = 30 * DAY;

/** The directory of one tenant: users, groups, who is in which, and the log of what happened. */
export class TenantDirectory {
  readonly id: string;
  readonly displayName: string;
  readonly domains: readonly string[];
  readonly cloud: Cloud;
  readonly settings: TenantSettings;
  readonly users = new ObjectTable('user');
  readonly groups = new ObjectTable('group');
  readonly memberships = new MembershipTable();
  readonly log: ChangeLog;
  readonly #clock: EmulatorClock;
  readonly #byName = new Map<string, string>();
  readonly #listeners = new Set<(change: Change) => void>();

  constructor(input: TenantInput, clock: EmulatorClock) {
    this.id = input.id ?? randomUUID();
    this.domains = input.domains;
    this.displayName = input.displayName ?? input.domains[0] ?? this.id;
    this.cloud = input.cloud ?? 'global';
    if (!Object.hasOwn(CLOUDS, this.cloud)) throw new Error(`Unknown cloud ${this.cloud}.`);
    this.settings = { ...defaultTenantSettings(), ...input.settings };
    this.log = new ChangeLog(clock.now);
    this.#clock = clock;
  }

  onChange(listener: (change: Change) => void): void {
    this.#listeners.add(listener);
  }

  /** By id or by user principal name. */
  findUserId(idOrName: string): string | undefined {
    return this.users.get(idOrName) ? idOrName : this.#byName.get(idOrName.toLowerCase());
  }

  addUser({ id = randomUUID(), ...given }: UserInput): string {
    this.#claimName(given.userPrincipalName, id);
    this.users.add(id, {
      displayName: given.userPrincipalName,
      accountEnabled: true,
      userType: 'Member',
      mailNickname: given.userPrincipalName.split('@', 1)[0],
      createdDateTime: isoSeconds(this.#clock.now()),
      identities: [
        {
          signInType: 'userPrincipalName',
          issuer: this.domains[0] ?? null,
          issuerAssignedId: given.userPrincipalName,
        },
      ],
      ...given,
    });
    this.#record({ about: 'user', what: 'created', id, values: {} });
    return id;
  }

  updateUser(id: string, values: Properties): void {
    const { properties } = this.users.expect(id, 'live');
    const name = values['userPrincipalName'];
    if (typeof name === 'string') {
      this.#releaseName(properties);
      this.#claimName(name, id);
    }
    this.users.replace(id, { ...properties, ...values }, null);
    this.#record({ about: 'user', what: 'updated', id, values });
  }

  disableUser(id: string): void {
    this.updateUser(id, { accountEnabled: false });
  }

  enableUser(id: string): void {
    this.updateUser(id, { accountEnabled: true });
  }

  /** The name becomes free: in the recycle bin it carries the object id in front. */
  softDeleteUser(id: string): void {
    const { properties } = this.users.expect(id, 'live');
    this.#releaseName(properties);
    const tombstone = `${tombstonePrefix(id)}${String(properties['userPrincipalName'])}`;
    this.users.replace(id, { ...properties, userPrincipalName: tombstone }, this.#clock.now());
    this.#record({ about: 'user', what: 'softDeleted', id, values: {} });
    if (this.settings.membershipFollowsDeletion) this.#reportGroupsOf(id, 'removed');
  }

  restoreUser(id: string): void {
    const { properties } = this.users.expect(id, 'deleted');
    const name = String(properties['userPrincipalName']).slice(tombstonePrefix(id).length);
    this.#claimName(name, id);
    this.users.replace(id, { ...properties, userPrincipalName: name }, null);
    this.#record({ about: 'user', what: 'restored', id, values: {} });
    if (this.settings.membershipFollowsDeletion) this.#reportGroupsOf(id, 'added');
  }

  /** For good, from the recycle bin or past it. */
  purgeUser(id: string): void {
    if (this.users.isLive(id)) this.softDeleteUser(id);
    this.#purge('user', id);
  }

  addGroup({ id = randomUUID(), members = [], ...given }: GroupInput): string {
    this.groups.add(id, {
      createdDateTime: isoSeconds(this.#clock.now()),
      groupTypes: [],
      mailEnabled: false,
      mailNickname: given.displayName.replaceAll(/\W/g, '').toLowerCase(),
      securityEnabled: true,
      ...given,
    });
    this.#record({ about: 'group', what: 'created', id, values: {} });
    if (members.length > 0) this.addMembers(id, members);
    return id;
  }

  updateGroup(id: string, values: Properties): void {
    const { properties } = this.groups.expect(id, 'live');
    this.groups.replace(id, { ...properties, ...values }, null);
    this.#record({ about: 'group', what: 'updated', id, values });
  }

  deleteGroup(id: string): void {
    const { properties } = this.groups.expect(id, 'live');
    this.groups.replace(id, properties, this.#clock.now());
    const isUnified = Array.isArray(properties['groupTypes']) && properties['groupTypes'].includes('Unified');
    if (this.settings.purgeSecurityGroups && !isUnified) {
      this.#purge('group', id);
      return;
    }
    this.#record({ about: 'group', what: 'softDeleted', id, values: {} });
    if (this.settings.membershipFollowsDeletion) this.#reportGroupsOf(id, 'removed');
  }

  restoreGroup(id: string): void {
    this.groups.replace(id, this.groups.expect(id, 'deleted').properties, null);
    this.#record({ about: 'group', what: 'restored', id, values: {} });
    // Who took the group away at its removal hears its members again.
    this.#record({ about: 'members', id, added: [...this.memberships.membersOf(id)], removed: [] });
    if (this.settings.membershipFollowsDeletion) this.#reportGroupsOf(id, 'added');
  }

  purgeGroup(id: string): void {
    if (this.groups.isLive(id)) this.deleteGroup(id);
    if (this.groups.get(id)) this.#purge('group', id);
  }

  addMembers(groupId: string, memberIds: readonly string[]): void {
    this.groups.expect(groupId, 'live');
    for (const id of memberIds)
      if (this.typeOf(id) === undefined) throw new Error(`Nothing has the id ${id}.`);
    const added = this.memberships.add(groupId, memberIds);
    if (added.length > 0) this.#record({ about: 'members', id: groupId, added, removed: [] });
  }

  removeMembers(groupId: string, memberIds: readonly string[]): void {
    this.groups.expect(groupId, 'live');
    const removed = this.memberships.remove(groupId, memberIds);
    if (removed.length > 0) this.#record({ about: 'members', id: groupId, added: [], removed });
  }

  typeOf(id: string): ObjectType | undefined {
    if (this.users.get(id)) return 'user';
    return this.groups.get(id) ? 'group' : undefined;
  }

  isLive(id: string): boolean {
    return this.users.isLive(id) || this.groups.isLive(id);
  }

  /** What has been in the recycle bin for thirty days leaves it. */
  emptyRecycleBin(): void {
    const oldest = this.#clock.now() - RETENTION;
    for (const table of [this.users, this.groups]) {
      const expired = [...table.eachDeleted()].filter(
        ({ deletedAt }) => deletedAt !== null && deletedAt <= oldest,
      );
      for (const { type, id } of expired) this.#purge(type, id);
    }
  }

  #purge(about: ObjectType, id: string): void {
    const table = about === 'user' ? this.users : this.groups;
    table.expect(id, 'deleted');
    table.purge(id);
    this.memberships.forget(id);
    this.#record({ about, what: 'purged' satisfies Lifecycle, id, values: {} });
  }

  #reportGroupsOf(id: string, what: 'added' | 'removed'): void {
    for (const groupId of this.memberships.groupsOf(id)) {
      if (!this.groups.isLive(groupId)) continue;
      this.#record({ about: 'members', id: groupId, added: [], removed: [], [what]: [id] });
    }
  }

  #claimName(name: string, id: string): void {
    const owner = this.#byName.get(name.toLowerCase());
    if (owner !== undefined && owner !== id) throw new Error(`The name ${name} is taken.`);
    this.#byName.set(name.toLowerCase(), id);
  }

  #releaseName(properties: Properties): void {
    this.#byName.delete(String(properties['userPrincipalName']).toLowerCase());
  }

  #record(change: NewChange): void {
    const logged = this.log.append(change);
    for (const listener of this.#listeners) listener(logged);
  }
}

/** The object id as 32 hexadecimal digits; ids of recorded requests are not GUIDs and get some made up. */
function tombstonePrefix(id: string): string {
  const hex = id.replaceAll('-', '').toLowerCase();
  return /^[0-9a-f]{32}$/.test(hex) ? hex : createHash('md5').update(id).digest('hex');
}
