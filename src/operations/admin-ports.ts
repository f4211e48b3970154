/** Stores behind the administration API. Each is bound to the organization of the unit of work. */
// biome-ignore lint/suspicious/noEmptyInterface: grows with the administration API
export interface AdminStores {}
