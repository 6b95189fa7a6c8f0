import * as z from "zod";
import type { Env } from "../env.ts";
import { lazy } from "../lib/lazy.ts";
import { describeError, log } from "../lib/log.ts";
import { deliver, type FindNewStatements } from "./delivering.ts";
import { lateDeliveries } from "./delivery-store.ts";

/*
 * The queue says where to look; D1 knows what is to be delivered, how often that was tried, and when it is tried next. So a message
 * that is lost, or comes twice, does no harm.
 */

/** How the queue's name ends that gets what could not be handled. */
const DEAD = "-dead";
/** When a message is handled again after a fault of this service. */
const RETRY_SECONDS = 30;
/** How many late deliveries cron puts into the queue in a minute; a batch of the queue has at most so many. */
const MAX_LATE = 100;

const messageSchema = lazy(() =>
  z.union([z.object({ captureId: z.number() }), z.object({ deliveryId: z.number() })]),
);

/**
 * Handles a batch of the queue's messages. Those that could not be handled, again and again, come to a queue of their own, and are only
 * logged: cron finds their events in the outbox.
 */
export async function consume(batch: MessageBatch, env: Env, find: FindNewStatements): Promise<void> {
  await Promise.all(
    batch.messages.map(async (message) => {
      const parsed = messageSchema().safeParse(message.body);
      const about = parsed.success ? parsed.data : {};
      if (!parsed.success || batch.queue.endsWith(DEAD)) {
        log.error("webhook.message.dead", { queue: batch.queue, ...about });
        return message.ack();
      }
      try {
        await deliver(env, find, parsed.data);
        message.ack();
      } catch (error) {
        log.error("webhook.message.failed", { ...about, attempt: message.attempts, ...describeError(error) });
        message.retry({ delaySeconds: RETRY_SECONDS });
      }
    }),
  );
}

/** Puts late deliveries into the queue again. */
export async function resendLate(env: Env, now: number): Promise<{ lateDeliveries: number }> {
  const ids = await lateDeliveries(env.DB, now, MAX_LATE);
  if (ids.length > 0) await env.WEBHOOK_QUEUE.sendBatch(ids.map((deliveryId) => ({ body: { deliveryId } })));
  return { lateDeliveries: ids.length };
}
