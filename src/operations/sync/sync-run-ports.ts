import type { Page, PageRequest } from '../keyset-page.ts';

export type SyncRunState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** One read or re-plan of a whole connection. */
export interface SyncRun {
  readonly id: string;
  readonly connectionId: string;
  readonly kind: 'full' | 'delta';
  /** `plan` decides everybody again from the mirror as it is, `read` asks the directory first. */
  readonly task: 'plan' | 'read';
  readonly state: SyncRunState;
  readonly progress: { readonly done: number; readonly total: number | null };
  /** People by what happened to them. */
  readonly counts: Readonly<Record<string, number>>;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** A sentence for the administrator; null unless the run failed. */
  readonly error: string | null;
}

export interface SyncRunStore {
  /** Newest first. */
  readonly list: (connectionId: string | null, page: PageRequest) => Promise<Page<SyncRun>>;
  readonly get: (id: string) => Promise<SyncRun | null>;
  /** The queued or running one of the connection. */
  readonly openOf: (connectionId: string) => Promise<SyncRun | null>;
  /** False when the connection has an open run already, which then is the one to follow. */
  readonly insert: (run: SyncRun, requestId: string | null) => Promise<boolean>;
  /**
   * Writes state, progress, counts, times and error while the run is open. False when it has ended meanwhile, for
   * instance because somebody cancelled it: then there is nothing left to do.
   */
  readonly save: (run: SyncRun) => Promise<boolean>;
  /** Ends an open run. False when it has ended already, or never was. */
  readonly cancel: (id: string, at: string) => Promise<boolean>;
  /** Removes at most so many of those that had ended before this moment, the oldest first. Answers how many. */
  readonly forget: (before: string, limit: number) => Promise<number>;
}
