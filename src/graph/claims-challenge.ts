/**
 * The claims of `WWW-Authenticate: Bearer … error="insufficient_claims", claims="<base64>"`, decoded; null when there are
 * none. They are passed on to the identity platform as they are.
 */
export function readClaimsChallenge(header: string | null): string | null {
  if (header === null || !/error="?insufficient_claims"?/i.test(header)) return null;
  const encoded = /(?:^|[\s,])claims="([A-Za-z0-9+/=_-]{1,8192})"/i.exec(header)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  try {
    const claims: unknown = JSON.parse(text);
    return typeof claims === 'object' && claims !== null ? text : null;
  } catch {
    return null;
  }
}
