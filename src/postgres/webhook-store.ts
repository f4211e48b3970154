import type { Webhook, WebhookStore } from '../operations/deliveries/webhook-ports.ts';
import { Conditions, readPage } from './admin/page-query.ts';
import type { SqlConnection } from './sql-connection.ts';

const select = `
  select w.webhook_id as "id", w.url, w.description, w.event_types as "eventTypes", w.enabled,
    w.disabled_reason as "disabledReason", w.secret_encrypted as "secretEncrypted",
    w.previous_secret_encrypted as "previousSecretEncrypted", w.previous_secret_until as "previousSecretUntil",
    w.failing_since as "failingSince", w.paused_until as "pausedUntil", w.overloads, w.created_at as "createdAt",
    w.updated_at as "updatedAt", w.revision
  from webhooks w`;

const columns = `url, description, event_types, enabled, disabled_reason, secret_encrypted, previous_secret_encrypted,
  previous_secret_until, failing_since, paused_until, overloads, created_at, updated_at, revision`;

const valuesOf = (webhook: Webhook): readonly unknown[] => [
  webhook.url,
  webhook.description,
  webhook.eventTypes,
  webhook.enabled,
  webhook.disabledReason,
  webhook.secretEncrypted,
  webhook.previousSecretEncrypted,
  webhook.previousSecretUntil,
  webhook.failingSince,
  webhook.pausedUntil,
  webhook.overloads,
  webhook.createdAt,
  webhook.updatedAt,
  webhook.revision,
];

const placeholders = '$3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16';

export function makeWebhookStore(connection: SqlConnection): WebhookStore {
  const { organizationId } = connection.context;

  const one = async (id: string, lock: boolean): Promise<Webhook | null> => {
    const [row] = await connection.rows<Webhook>({
      text: `${select} where w.organization_id = $1 and w.webhook_id = $2 ${lock ? 'for update' : ''}`,
      values: [organizationId, id],
    });
    return row ?? null;
  };

  return {
    list: (page) => {
      const conditions = new Conditions();
      conditions.add(`w.organization_id = ${conditions.bind(organizationId)}`);
      const read = (row: Webhook): Webhook => row;
      return readPage(connection, {
        select,
        conditions,
        key: 'w.webhook_id',
        page,
        read,
        idOf: (it) => it.id,
      });
    },
    get: (id) => one(id, false),
    lock: (id) => one(id, true),
    count: async () => {
      const [row] = await connection.rows<{ count: number }>({
        text: 'select count(*) as "count" from webhooks w where w.organization_id = $1',
        values: [organizationId],
      });
      return row?.count ?? 0;
    },
    insert: async (webhook) => {
      await connection.execute({
        text: `insert into webhooks (organization_id, webhook_id, ${columns}) values ($1, $2, ${placeholders})`,
        values: [organizationId, webhook.id, ...valuesOf(webhook)],
      });
    },
    save: async (webhook) => {
      await connection.execute({
        text: `
          update webhooks set (${columns}) = row (${placeholders}) where organization_id = $1 and webhook_id = $2`,
        values: [organizationId, webhook.id, ...valuesOf(webhook)],
      });
    },
    delete: async (id) => {
      await connection.execute({
        text: `
          with deliveries as (delete from webhook_deliveries where organization_id = $1 and webhook_id = $2)
          delete from webhooks where organization_id = $1 and webhook_id = $2`,
        values: [organizationId, id],
      });
    },
  };
}
