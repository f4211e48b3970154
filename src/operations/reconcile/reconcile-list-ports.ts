/** People whom a job concerns and who were too many for it. */
export interface ListOfJob {
  readonly organizationId: string;
  readonly listId: string;
}

/** Lists of directory user ids that are too long for one job, in parts that are counted from 0. */
export interface ReconcileListStore {
  readonly keepPart: (listId: string, part: number, userIds: readonly string[]) => Promise<void>;
  /** Null behind the last part. */
  readonly readPart: (listId: string, part: number) => Promise<readonly string[] | null>;
  readonly forget: (listId: string) => Promise<void>;
}
