import { constants, type KeyObject, sign, verify } from 'node:crypto';

export type Claims = Readonly<Record<string, unknown>>;

export interface DecodedToken {
  readonly header: Claims;
  readonly claims: Claims;
  readonly signed: string;
  readonly signature: Buffer;
}

export type Algorithm = 'RS256' | 'PS256';

function paddingOf(algorithm: Algorithm) {
  return algorithm === 'PS256'
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : { padding: constants.RSA_PKCS1_PADDING };
}

export function encodePart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

export function signToken(header: Claims, claims: Claims, key: KeyObject): string {
  const signed = `${encodePart(header)}.${encodePart(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, ...paddingOf('RS256') });
  return `${signed}.${signature.toString('base64url')}`;
}

/** Undefined when the text is no token at all. */
export function decodeToken(text: string): DecodedToken | undefined {
  const [header, claims, signature, ...rest] = text.split('.');
  if (header === undefined || claims === undefined || signature === undefined || rest.length > 0)
    return undefined;
  const read = { header: decodePart(header), claims: decodePart(claims) };
  if (read.header === undefined || read.claims === undefined) return undefined;
  return {
    header: read.header,
    claims: read.claims,
    signed: `${header}.${claims}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

function decodePart(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    // Any object is a set of claims; what is in it is looked at claim by claim.
    return typeof value === 'object' && value !== null ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}

export function isSignedBy(token: DecodedToken, key: KeyObject, algorithms: readonly Algorithm[]): boolean {
  const algorithm = algorithms.find((name) => name === token.header['alg']);
  if (algorithm === undefined) return false;
  return verify('sha256', Buffer.from(token.signed), { key, ...paddingOf(algorithm) }, token.signature);
}
