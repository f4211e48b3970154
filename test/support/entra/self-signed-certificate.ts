import { createHash, generateKeyPairSync, sign } from 'node:crypto';

export interface CertifiedKey {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly privateKey: string;
  /** Hexadecimal, of the certificate: what MSAL wants to know. */
  readonly thumbprintSha256: string;
}

export interface CertificateInput {
  readonly commonName: string;
  /** Entra wants RSA for client assertions; a server starts faster with an elliptic curve. */
  readonly keyType: 'rsa' | 'ec';
}

const SEQUENCE = 0x30;
const SET = 0x31;

/** A certificate that signs itself, good for `localhost` and 127.0.0.1 and for nothing outside a test. */
export function makeSelfSignedCertificate({ commonName, keyType }: CertificateInput): CertifiedKey {
  const { privateKey, publicKey } =
    keyType === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // ecdsa-with-SHA256 and sha256WithRSAEncryption, the latter with its NULL.
  const algorithm =
    keyType === 'rsa'
      ? sequence(objectId('2a864886f70d01010b'), tlv(0x05, Buffer.alloc(0)))
      : sequence(objectId('2a8648ce3d040302'));
  const name = sequence(tlv(SET, sequence(objectId('550403'), tlv(0x0c, Buffer.from(commonName)))));
  const year = new Date().getUTCFullYear();
  const toBeSigned = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from('7fffffffffffff01', 'hex')),
    algorithm,
    name,
    sequence(time(`${year - 1}0101000000Z`), time(`${year + 2}0101000000Z`)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(basicConstraints(), alternativeNames())),
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  const der = sequence(toBeSigned, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    certificate: pem('CERTIFICATE', der),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    thumbprintSha256: createHash('sha256').update(der).digest('hex'),
  };
}

/** Tag, length, value: X.690 §8.1. */
function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const digits = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...digits]), content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tlv(SEQUENCE, ...parts);
}

function objectId(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'));
}

function time(text: string): Buffer {
  return tlv(0x18, Buffer.from(text));
}

/** Its own authority, so that a client can trust it. */
function basicConstraints(): Buffer {
  const isAuthority = sequence(tlv(0x01, Buffer.from([0xff])));
  return sequence(objectId('551d13'), tlv(0x01, Buffer.from([0xff])), tlv(0x04, isAuthority));
}

function alternativeNames(): Buffer {
  const names = sequence(tlv(0x82, Buffer.from('localhost')), tlv(0x87, Buffer.from([127, 0, 0, 1])));
  return sequence(objectId('551d11'), tlv(0x04, names));
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
