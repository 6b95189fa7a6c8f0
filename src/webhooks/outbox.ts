import type { Env } from "../env.ts";
import { describeError, log } from "../lib/log.ts";
import type { EventType } from "./events.ts";

/*
 * The outbox: an event is written for each webhook that is to be told, by the batch that makes it true, so that neither is there
 * without the other. A message to the queue comes after that, and says only where to look; if it is lost, cron finds the event
 * (queue.ts).
 */

/** Events for the outbox, as SQL: expressions over a row `c` for each capture. */
export interface OutboxSql {
  /** The types that there may be, of which `type` gives one. */
  type: EventType | { expression: string };
  /** Tells events of one type and capture apart; one that is written again is left out. */
  key?: string;
  /** When the capture began and ended. */
  start?: string;
  end?: string;
  /** What else there is to tell, an expression that gives JSON: `more` of facts.ts. */
  more: string;
  /** What has to hold besides. */
  where?: string;
  /** The query that gives the captures, with all of their columns. */
  captures: string;
}

/** The SQL of the statement that writes events at `:now` for every webhook of the captures' environments that wants them. */
export function outboxSql({
  type,
  key = "''",
  start = "c.started_at",
  end = "c.ended_at",
  more,
  where = "true",
  captures,
}: OutboxSql): string {
  const of = typeof type === "string" ? `'${type}'` : type.expression;
  return `insert into webhook_deliveries (webhook_id, capture_id, type, key, sequence, message_id, time, facts, next_at)
    select w.id, c.id, ${of}, ${key},
      1 + coalesce((select max(d.sequence) from webhook_deliveries d where d.webhook_id = w.id and d.capture_id = c.id), 0),
      ${NEW_MESSAGE_ID}, :now,
      json_object('version', 1, 'environment', json_object('id', e.id, 'name', e.name),
        'capture', json_object('id', c.id, 'name', c.name, 'log', c.log, 'schedule', c.schedule_id,
          'start', ${start}, 'end', ${end}),
        'more', json(${more})), :now
    from (${captures}) c join environments e on e.id = c.env_id join webhooks w on w.env_id = c.env_id
    where w.paused_at is null and w.disabled_at is null and instr(w.events, '"' || ${of} || '"') > 0 and ${where}
    on conflict do nothing`;
}

/** A new id for a message, as SQL. */
export const NEW_MESSAGE_ID = "'msg_' || lower(hex(randomblob(16)))";

/** What the queue has: which events to look for. */
export type QueueMessage =
  /** Those of a capture that are next. */
  | { captureId: number }
  /** One. */
  | { deliveryId: number };

/** Has the events of a capture delivered that the outbox has. Should the queue be away, cron does it. */
export function tellQueue(env: Env, captureId: number): Promise<void> {
  return sendMessage(env, { captureId });
}

/**
 * Puts a message into the queue; a failure is logged.
 * @param delayMs how long it is to stay there
 */
export async function sendMessage(env: Env, message: QueueMessage, delayMs = 0): Promise<void> {
  try {
    await env.WEBHOOK_QUEUE.send(message, { delaySeconds: Math.ceil(delayMs / 1000) });
  } catch (error) {
    log.warn("webhook.queue.failed", { ...message, ...describeError(error) });
  }
}
