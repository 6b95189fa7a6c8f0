import type { Env } from "../env.ts";
import { describeError, log } from "../lib/log.ts";
import { type Pauses, retryDelay } from "../lib/retry.ts";
import { mailerOf } from "../mail/mail.ts";
import { claimNotices, endNotice, type Notice } from "./notice-store.ts";

/*
 * Admins are told by mail that the service has switched a webhook of theirs off: once for each time, from an outbox, by cron. A mail that
 * is not taken is tried again for a day. One whose answer was lost may come twice, under one id.
 */

/** How many mails one minute sends. */
const BATCH = 20;
const PAUSES: Pauses = { first: 60_000, longest: 4 * 60 * 60_000 };
const GIVE_UP_AFTER_MS = 24 * 60 * 60_000;
/** What the log calls them. */
const KIND = "webhook-disabled";

/** Sends the mails that are to be sent now. */
export async function sendNotices(env: Env, now: number): Promise<{ webhookNotices: number }> {
  const notices = await claimNotices(env.DB, now, BATCH);
  await Promise.all(
    notices.map(async (notice) => endNotice(env.DB, notice.id, await tell(env, notice, now))),
  );
  return { webhookNotices: notices.length };
}

/** Returns when it is tried again; null when it is not. */
async function tell(env: Env, notice: Notice, now: number): Promise<number | null> {
  const { email: to, messageId, attempts, disabledAt } = notice;
  // The webhook was resumed or deleted meanwhile, or the admin has left.
  if (to === null) return null;
  try {
    await mailerOf(env)?.send({ to, id: messageId, ...textOf(notice) });
    log.info("mail.sent", { kind: KIND, attempt: attempts });
    return null;
  } catch (error) {
    const line = { kind: KIND, attempt: attempts, error: describeError(error).error };
    const nextAt = now + retryDelay(attempts, Math.random(), PAUSES);
    const isOver = nextAt - disabledAt > GIVE_UP_AFTER_MS;
    if (isOver) log.error("mail.failed", line);
    else log.warn("mail.repeated", line);
    return isOver ? null : nextAt;
  }
}

function textOf({ name, environment, reason, origin, envId }: Notice): { subject: string; text: string } {
  const title = `The webhook "${name}" of ${environment} was switched off`;
  const text = [
    `${title}. ${reason}.`,
    "What waited for it is given up, and nothing more is sent until an admin resumes it. Repair its receiver first:",
    `${origin}/environments/${envId}/webhooks`,
    `You get this because you are an admin of the environment ${environment}.`,
  ];
  return { subject: title, text: `${text.join("\n\n")}\n` };
}
