/** One notification as received; nothing in it is proven. */
export interface GraphNotification {
  readonly subscriptionId: string;
  readonly clientState: string;
  readonly tenantId: string | null;
  /** Null for a change of the directory. */
  readonly lifecycleEvent: string | null;
}

export interface ReceivedNotifications {
  readonly accepted: number;
  /** From whoever does not know the client state. */
  readonly rejected: number;
}

export type ReceiveNotifications = (
  connectionId: string,
  notifications: readonly GraphNotification[],
  requestId: string | null,
) => Promise<ReceivedNotifications>;

export interface NotificationOwner {
  readonly organizationId: string;
  readonly subscriptionId: string;
  readonly clientStateHash: Uint8Array;
  readonly tenantId: string | null;
}

/** Of any organization; none for an id that no connection has. */
export type FindSubscriptions = (connectionId: string) => Promise<readonly NotificationOwner[]>;
