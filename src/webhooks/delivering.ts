import type { Env } from "../env.ts";
import { openTextOf, sealTextOf } from "../environments/sealed-text.ts";
import { describeError, log } from "../lib/log.ts";
import { type Pauses, retryDelay } from "../lib/retry.ts";
import { mailerOf } from "../mail/mail.ts";
import { withAttempt } from "./attempts.ts";
import {
  type ClaimedDelivery,
  claimDeliveries,
  dropDelivery,
  finishAttempt,
  keepFacts,
  type Outcome,
  releaseClaim,
} from "./delivery-store.ts";
import { TEST_TYPE } from "./events.ts";
import { type Facts, factsFormat, type NewStatements, statementsFormat } from "./facts.ts";
import { type QueueMessage, sendMessage } from "./outbox.ts";
import { type Message, mail, post, type Sent } from "./sending.ts";
import { openTarget } from "./target.ts";

/*
 * How an event is delivered: claimed, sent, and what came of it noted. At least once: a crash between sending and noting sends it
 * again, under the same id. What fails is tried again with growing pauses for about a day.
 */

/** From seconds to hours, half of each at random: about 17 attempts in a day. */
const PAUSES: Pauses = { first: 5000, longest: 4 * 60 * 60_000 };
/** How long after the first attempt there is a last one. */
const GIVE_UP_AFTER_MS = 24 * 60 * 60_000;
/** A webhook that has failed for so long, with nothing delivered meanwhile, is switched off. */
const DAY_MS = 24 * 60 * 60_000;
const DISABLE_AFTER_DAYS = 5;
/** When something is tried again that this service has failed to do. */
const OWN_FAULT_MS = 60_000;

/**
 * Compares a capture with another one, and says which of its statements are new; null when there is nothing to compare.
 * @throws Error when that fails for now
 */
export type FindNewStatements = (
  env: Env,
  captureId: number,
  baseId: number,
) => Promise<NewStatements | null>;

/** Delivers what a message of the queue is about, as far as it is to be delivered now. */
export async function deliver(env: Env, find: FindNewStatements, message: QueueMessage): Promise<void> {
  const claimed = await claimDeliveries(env.DB, message, Date.now());
  // Each for itself: one that fails leaves its claim to expire.
  const done = await Promise.allSettled(claimed.map((delivery) => deliverOne(env, find, delivery)));
  for (const one of done) if (one.status === "rejected") throw one.reason;
}

/** Tries a delivery that was claimed, and notes what came of it. */
export async function deliverOne(
  env: Env,
  find: FindNewStatements,
  delivery: ClaimedDelivery,
): Promise<void> {
  const facts = await factsOf(env, find, delivery);
  if (facts === "later") return;
  const hasNext = facts === null ? await dropDelivery(env.DB, delivery) : await attempt(env, delivery, facts);
  if (hasNext && delivery.captureId !== null) await sendMessage(env, { captureId: delivery.captureId });
}

/** What a delivery tells; null when that is nothing, and "later" when it can't be found out now. */
async function factsOf(
  env: Env,
  find: FindNewStatements,
  delivery: ClaimedDelivery,
): Promise<Facts | "later" | null> {
  const { id, type, captureId } = delivery;
  try {
    const facts = factsFormat.parse(delivery.facts);
    const { base, statements, sealedStatements } = facts.more;
    if (type !== "statement.new" || statements !== undefined) return facts;
    const withThese = (more: Facts["more"]) => ({ ...facts, more: { ...facts.more, ...more } });
    if (sealedStatements !== undefined) {
      const opened = await openTextOf(env, sealedCapture(delivery), purposeOf(delivery), sealedStatements);
      return withThese({ statements: statementsFormat.parse(opened) });
    }
    if (captureId === null || base === undefined) return null;
    const found = await find(env, captureId, base.id);
    if (found === null || found.count === 0) return null;
    await keepFacts(env.DB, delivery, factsFormat.stringify(withThese(await kept(env, delivery, found))));
    return withThese({ statements: found });
  } catch (error) {
    log.error("webhook.facts.failed", { deliveryId: id, ...describeError(error) });
    const now = Date.now();
    if (now - delivery.time > GIVE_UP_AFTER_MS) return null;
    await releaseClaim(env.DB, delivery, now + OWN_FAULT_MS);
    return "later";
  }
}

/** New statements as the outbox keeps them: sealed, if the capture is. */
async function kept(env: Env, delivery: ClaimedDelivery, statements: NewStatements): Promise<Facts["more"]> {
  if (delivery.sealed !== 1) return { statements };
  const text = statementsFormat.stringify(statements);
  return {
    sealedStatements: await sealTextOf(env, sealedCapture(delivery), purposeOf(delivery), text),
  };
}

const sealedCapture = ({ envId, sealKeys }: ClaimedDelivery) => ({ envId, sealed: 1 as const, sealKeys });
const purposeOf = ({ id }: ClaimedDelivery) => `new statements of delivery ${id}`;

/** Returns whether another event of the capture waits for this webhook. */
async function attempt(env: Env, delivery: ClaimedDelivery, facts: Facts): Promise<boolean> {
  const { id, webhookId, kind, type, attempts, tried } = delivery;
  const began = Date.now();
  const sent = await send(env, { ...delivery, facts }, delivery, began).catch((error) => {
    // Such as a target that no key of CREDENTIALS_KEYS opens. It is tried as long as what a receiver has failed to take.
    log.error("webhook.send.failed", { webhookId, deliveryId: id, ...describeError(error) });
    return { status: null, error: "This service could not send it: its log says why" };
  });
  const ended = Date.now();
  const { status, error } = sent;
  const outcome = judge(delivery, sent, ended, Math.random());
  const noted = { ...outcome, tried: withAttempt(tried, { at: began, ms: ended - began, status, error }) };
  const hasNext = await finishAttempt(env.DB, delivery, noted, ended, Boolean(env.MAIL_FROM));
  const line = { webhookId, deliveryId: id, kind, type, attempt: attempts, status, outcome: outcome.status };
  log.info("webhook.attempt", line);
  if (outcome.disabledReason !== null) log.warn("webhook.disabled", { webhookId, envId: delivery.envId });
  if (outcome.status === "pending" && outcome.nextAt !== null)
    await sendMessage(env, { deliveryId: id }, outcome.nextAt - ended);
  return hasNext && outcome.status !== "pending";
}

async function send(
  env: Env,
  message: Message,
  { kind, envId, target, email }: ClaimedDelivery,
  now: number,
): Promise<Sent> {
  if (kind === "email") return mail(mailerOf(env), message, email);
  if (target === null) return { status: null, error: "It has no address" };
  return post(env, message, await openTarget(env, envId, target), now);
}

/** What becomes of a delivery after an attempt. */
function judge(
  { type, attempts, firstTriedAt, failingSince }: ClaimedDelivery,
  { error, gone, retryAfterMs = 0 }: Sent,
  now: number,
  random: number,
): Omit<Outcome, "tried"> {
  const over = { nextAt: null, disabledReason: null };
  if (error === null) return { ...over, status: "delivered" };
  if (type === TEST_TYPE) return { ...over, status: "dead" };
  if (gone !== undefined) return { ...over, status: "dead", disabledReason: gone };
  const failingMs = now - (failingSince ?? now);
  if (failingMs > DISABLE_AFTER_DAYS * DAY_MS) {
    const disabledReason = `No delivery has succeeded for ${DISABLE_AFTER_DAYS} days. The last attempt: ${error}`;
    return { ...over, status: "dead", disabledReason };
  }
  const nextAt = now + Math.max(retryDelay(attempts, random, PAUSES), retryAfterMs);
  if (nextAt - firstTriedAt > GIVE_UP_AFTER_MS) return { ...over, status: "dead" };
  return { ...over, status: "pending", nextAt };
}
