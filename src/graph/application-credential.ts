import { createPrivateKey, X509Certificate } from 'node:crypto';
import { GraphError } from '../operations/tenants/graph-ports.ts';
import type { ApplicationKeyFacts } from '../operations/tenants/graph-sign-in-ports.ts';

/** As the sign-in library wants it. */
export type ApplicationCredential =
  | { readonly clientSecret: string }
  | {
      readonly clientCertificate: {
        readonly thumbprintSha256: string;
        readonly privateKey: string;
        readonly x5c: string;
      };
    };

const certificateBlock = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const privateKeyBlock =
  /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----[\s\S]+?-----END (?:RSA |EC )?PRIVATE KEY-----/;

const MIN_RSA_BITS = 2048;

const wrongCertificate = (what: string, cause?: unknown): GraphError =>
  new GraphError(
    'invalidSecret',
    `The application key looks like a certificate, but ${what}. Paste the certificate and its private key, both as PEM.`,
    cause === undefined ? {} : { cause },
  );

/** A PEM text holds a certificate, the one of the private key first, and its private key; anything else is a secret. */
export function readApplicationKey(applicationKey: string, now: number): ApplicationCredential {
  if (applicationKey.trim() === '') {
    throw new GraphError(
      'invalidSecret',
      'The connection has no application key. Paste the Value of a client secret.',
    );
  }
  // Some tools write attributes in front of what they export.
  if (!applicationKey.includes('-----BEGIN ')) return { clientSecret: applicationKey };
  const certificates = applicationKey.match(certificateBlock) ?? [];
  const privateKey = privateKeyBlock.exec(applicationKey)?.[0];
  const [own] = certificates;
  if (own === undefined) throw wrongCertificate('the certificate is missing');
  if (privateKey === undefined) throw wrongCertificate('the private key is missing, or is encrypted');
  const certificate = readCertificate(own, privateKey);
  if (certificate.validToDate.getTime() <= now) {
    throw new GraphError(
      'invalidSecret',
      'The certificate of the application has expired. Upload a new one to the app registration and paste it here.',
    );
  }
  return {
    clientCertificate: {
      thumbprintSha256: certificate.fingerprint256.replaceAll(':', ''),
      privateKey,
      x5c: certificates.join('\n'),
    },
  };
}

export function describeApplicationKey(applicationKey: string, now: number): ApplicationKeyFacts {
  try {
    const credential = readApplicationKey(applicationKey, now);
    if ('clientSecret' in credential) return { kind: 'secret' };
    const { validToDate } = new X509Certificate(credential.clientCertificate.x5c);
    return { kind: 'certificate', expiresAt: validToDate.toISOString() };
  } catch (error) {
    if (error instanceof GraphError) return { kind: 'unusable', detail: error.message };
    throw error;
  }
}

function readCertificate(pem: string, privateKey: string): X509Certificate {
  let isPair: boolean;
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
    isPair = certificate.checkPrivateKey(createPrivateKey(privateKey));
  } catch (error) {
    throw wrongCertificate('it cannot be read', error);
  }
  if (!isPair) throw wrongCertificate('the private key belongs to another one');
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  // The identity platform takes assertions signed with RSA alone.
  if (asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS) {
    throw new GraphError(
      'invalidSecret',
      `The certificate cannot be used, because it is not for an RSA key of at least ${MIN_RSA_BITS} bits. Make another one, ` +
        'upload it to the app registration and paste it here with its private key.',
    );
  }
  return certificate;
}
