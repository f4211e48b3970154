import type { JsonObject } from './json.ts';

/**
 * What a provisioning client may write of a user. `attributes` holds every stored SCIM attribute except the four named
 * here, under canonical names, extensions under their URN; never `id`, `meta`, `schemas`, `groups` or `password`.
 */
export interface UserContent {
  readonly userName: string;
  readonly externalId: string | null;
  readonly active: boolean;
  readonly attributes: JsonObject;
}

/** A user of the directory mirror: what the identity provider last said. Times are RFC 3339 UTC. */
export interface DirectoryUser extends UserContent {
  readonly id: string;
  readonly connectionId: string;
  /** The Entra object id, lower case, when known. */
  readonly objectId: string | null;
  /** Moves by one with every change that changed something; the weak ETag is `W/"<version>"`. */
  readonly version: number;
  readonly createdAt: string;
  readonly lastModifiedAt: string;
  readonly deletedAt: string | null;
}

/** A group that a user is a direct member of, as it appears in the user's read-only `groups`. */
export interface GroupOfUser {
  readonly id: string;
  readonly displayName: string;
}
