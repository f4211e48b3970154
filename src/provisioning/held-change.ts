/** What would have happened to the person. */
export type HeldEffect = 'deactivate' | 'revokeAccess' | 'convert' | 'changeRole' | 'merge';

/** What stopped it. */
export type HeldCause = 'guard' | 'conflict' | 'takeoverShield' | 'lastAdministrator' | 'root';

/** A change of a directory user that waits for an administrator, or that one has refused and that was not asked again. */
export interface OpenHold {
  readonly id: string;
  readonly directoryUserId: string;
  readonly effect: HeldEffect;
  readonly cause: HeldCause;
  readonly state: 'waiting' | 'rejected';
}
