/** How one tenant's directory behaves; everything may be changed while the emulator runs. */
export interface TenantSettings {
  /** Rows of a delta page. */
  deltaPageSize: number;
  /** Members that one delta page carries; a larger group is spread over several pages. */
  deltaMembersPerPage: number;
  /** Every n-th delta page of a round is empty and still has a next link, from 2 on; 0 for none. */
  emptyPageEvery: number;
  /** So many rows of a delta page are repeated at its end. */
  repeatRows: number;
  /** Seed of a random order of the rows of each delta page. */
  shuffleRows: number | null;
  /** One row per change with the values of that time, instead of one row per object. */
  separateRows: boolean;
  /** A round begins so many changes before the place where the last one ended. */
  replayChanges: number;
  /** The first round also tells what is in the recycle bin. */
  removedInFirstRound: boolean;
  /** Changes reach delta queries so much later. */
  deltaLagMs: number;
  /** Changes of membership reach advanced queries (`ConsistencyLevel: eventual`) so much later. */
  indexLagMs: number;
  /** Whether the groups of a deleted or restored user report the change of membership. */
  membershipFollowsDeletion: boolean;
  /** Older behaviour: a deleted security group is gone at once. */
  purgeSecurityGroups: boolean;
  /** `observe` counts resource units and refuses nothing. */
  throttling: 'enforce' | 'observe';
  /** Answers of a batch come in another order than the requests; a seed, or null for the same order. */
  shuffleBatch: number | null;
  /** More groups than this make `getMemberGroups` give up. */
  memberGroupsLimit: number;
  /** Subscriptions one application may have in this tenant. */
  subscriptionQuota: number;
}

export function defaultTenantSettings(): TenantSettings {
  return {
    deltaPageSize: 100,
    deltaMembersPerPage: 1000,
    emptyPageEvery: 0,
    repeatRows: 0,
    shuffleRows: null,
    separateRows: false,
    replayChanges: 0,
    removedInFirstRound: false,
    deltaLagMs: 0,
    indexLagMs: 0,
    membershipFollowsDeletion: true,
    purgeSecurityGroups: false,
    throttling: 'enforce',
    shuffleBatch: 1,
    memberGroupsLimit: 11_000,
    subscriptionQuota: 100,
  };
}
