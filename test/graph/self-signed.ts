import { generateKeyPairSync, type KeyPairKeyObjectResult, randomBytes, sign } from 'node:crypto';

export interface SelfSigned {
  readonly certificate: string;
  readonly privateKey: string;
}

/** DER: a tag, the length, the content. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length =
    body.length < 128 ? Buffer.of(body.length) : Buffer.of(0x82, body.length >> 8, body.length & 0xff);
  return Buffer.concat([Buffer.of(tag), length, body]);
}

const sequence = (...content: readonly Uint8Array[]) => der(0x30, ...content);
const time = (date: Date) => der(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\..*/g, '')}Z`));
/** sha256WithRSAEncryption (RFC 4055), and the attribute commonName. */
const algorithm = sequence(Buffer.from('06092a864886f70d01010b0500', 'hex'));
const name = sequence(
  der(0x31, sequence(Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from('rollcall')))),
);

/** A certificate with its key, as PEM (RFC 5280 §4.1); it says that it is signed by RSA, whatever the keys are. */
export function makeSelfSigned(
  validTo: Date,
  { publicKey, privateKey }: KeyPairKeyObjectResult = generateKeyPairSync('rsa', { modulusLength: 2048 }),
): SelfSigned {
  const serial = der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)]));
  const content = sequence(
    serial,
    algorithm,
    name,
    sequence(time(new Date('2020-01-01T00:00:00Z')), time(validTo)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = der(0x03, Buffer.of(0), sign('sha256', content, privateKey));
  const base64 = sequence(content, algorithm, signature).toString('base64');
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g)?.join('\n')}\n-----END CERTIFICATE-----\n`,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
