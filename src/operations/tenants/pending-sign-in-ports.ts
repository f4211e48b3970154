/** A sign-in that was started, as it is kept until the browser comes back. */
export interface StoredSignIn {
  readonly connectionId: string;
  /** `PendingSignIn`, encrypted and bound to its connection. */
  readonly sealed: Uint8Array;
  readonly expiresAt: string;
}

export interface PendingSignInStore {
  /** Only a hash of the state is stored. Also removes what had expired at `now`. */
  readonly insert: (state: string, signIn: StoredSignIn, now: string) => Promise<void>;
  /** Removes it and answers it: it can be taken once. Null when there is none, or no longer. */
  readonly take: (state: string) => Promise<StoredSignIn | null>;
}
