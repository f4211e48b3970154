/** One page of a list that is ordered by id: what comes after `after`, at most `limit` of it. */
export interface PageRequest {
  readonly after: string | null;
  readonly limit: number;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page starts; null when this was the last one. */
  readonly nextAfter: string | null;
}
