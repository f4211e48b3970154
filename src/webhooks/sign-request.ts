import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { WebhookRequest } from '../operations/deliveries/webhook-ports.ts';

/** Standard Webhooks asks for 24 to 64 random bytes. */
const secretBytes = 32;

/** A new signing secret in the spelling of Standard Webhooks. */
export const makeWebhookSecret = (): string => `whsec_${randomBytes(secretBytes).toString('base64')}`;

/** The header fields of Standard Webhooks: one signature for each secret, so that secrets can be changed without a gap. */
export function signatureHeaders({
  id,
  at,
  body,
  secrets,
}: WebhookRequest): Readonly<Record<string, string>> {
  const time = new Date(at);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(time.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, time, body)).join(' '),
  };
}
