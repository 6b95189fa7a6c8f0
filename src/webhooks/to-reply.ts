import { addressHint } from "../lib/address-hint.ts";
import { isoTime } from "../lib/values.ts";
import type { DeliveryRow } from "./asked-deliveries.ts";
import { readAttempts } from "./attempts.ts";
import type { EventType } from "./events.ts";
import type { Webhook, WebhookDelivery } from "./replies.ts";
import type { WebhookRow } from "./store.ts";

/* How webhooks are shown: from rows of the database to the API's replies. */

/** Shows a webhook. */
export function toWebhook(row: WebhookRow): Webhook {
  const { recipient, pausedAt, failingSince, disabledAt } = row;
  return {
    id: row.id,
    envId: row.envId,
    kind: row.kind,
    name: row.name,
    // Rows of earlier versions have more of it.
    address: row.addressHint === null ? null : addressHint(row.addressHint),
    recipient: recipient === null ? null : { id: recipient, name: row.recipientName },
    events: JSON.parse(row.events) as EventType[],
    state: stateOf(row),
    failingSince: isoTime(failingSince),
    pausedAt: isoTime(pausedAt),
    disabledAt: isoTime(disabledAt),
    disabledReason: row.disabledReason,
    createdAt: isoTime(row.createdAt),
    updatedAt: isoTime(row.updatedAt),
  };
}

function stateOf({ pausedAt, failingSince, disabledAt }: WebhookRow): Webhook["state"] {
  if (disabledAt !== null) return "disabled";
  if (pausedAt !== null) return "paused";
  return failingSince === null ? "active" : "failing";
}

/** Shows a delivery. */
export const toDelivery = (row: DeliveryRow): WebhookDelivery => ({
  id: row.id,
  messageId: row.messageId,
  type: row.type,
  captureId: row.captureId,
  sequence: row.sequence,
  time: isoTime(row.time),
  status: row.status,
  attempts: row.attempts,
  nextAttempt: isoTime(row.nextAt),
  lastAttempts: readAttempts(row.tried).map(({ at, ms, status, error }) => ({
    time: isoTime(at),
    duration: ms,
    status,
    error,
  })),
});
