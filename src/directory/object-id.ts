const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isGuid = (value: string): boolean => guid.test(value);

/**
 * The Entra object id behind an externalId. Groups carry it by default, users only where the administrator mapped
 * `externalId` to `objectId`; anything that is no GUID is some other identifier.
 */
export const objectIdOf = (externalId: string | null): string | null =>
  externalId !== null && guid.test(externalId) ? externalId.toLowerCase() : null;
