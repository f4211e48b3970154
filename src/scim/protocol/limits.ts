/** What one request may ask for. Everything here that a client can run into is announced by /ServiceProviderConfig. */
export const LIMITS = {
  defaultPageSize: 100,
  maxPageSize: 1000,
  bulkOperations: 1000,
  bulkBytes: 4 * 1024 * 1024,
  userBytes: 1024 * 1024,
  /** A full push of a large group names every member. */
  groupBytes: 8 * 1024 * 1024,
  /** Above this many members a group is answered without them, unless they were asked for by name. */
  inlineMembers: 1000,
} as const;
