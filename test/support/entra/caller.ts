/** Who sent a request to Graph, as its access token says. */
export interface Caller {
  readonly kind: 'delegated' | 'application';
  readonly tenantId: string;
  readonly appId: string;
  readonly userId: string | null;
  readonly permissions: ReadonlySet<string>;
  readonly tokenId: string;
  /** Declared by the client (`cp1`): it can answer a claims challenge. */
  readonly understandsChallenges: boolean;
}
