import type { Env } from "../env.ts";
import type { Mailer } from "../mail/mail.ts";
import { addressProblem, reachProblem, readSome } from "./address.ts";
import type { Attempt } from "./attempts.ts";
import type { Kind } from "./kinds.ts";
import { toMail } from "./mail-text.ts";
import { type Told, toPayload } from "./payload.ts";
import { signedHeaders } from "./signing.ts";
import { toSlack } from "./slack.ts";
import type { Target } from "./target.ts";

/* One attempt to send an event. A failure is data, not an exception. */

/** How long a receiver may take to answer. */
const TIMEOUT_MS = 10_000;
/** How much of its answer is read, so that the connection can be used again. It is not kept. */
const MAX_ANSWER_BYTES = 4096;
/** The longest pause that a receiver can ask for. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;

/** What came of an attempt. */
export interface Sent extends Omit<Attempt, "at" | "ms"> {
  /** Why nothing is to be sent there any more, in words. */
  gone?: string;
  /** How long the receiver wants to be left alone, in milliseconds. */
  retryAfterMs?: number;
}

/** An event, and whom it is for. */
export interface Message extends Told {
  kind: Kind;
  messageId: string;
}

const failed = (error: string, status: number | null = null): Sent => ({ status, error });

/** Sends an event to an address of people's own, or to Slack. */
export async function post(env: Env, message: Message, target: Target, now: number): Promise<Sent> {
  const { kind, messageId } = message;
  const { address, secret, previous } = target;
  if (kind === "email") return failed("It has an address and is for e-mail");
  // It was looked at when it was given; since then the rules may have changed.
  const problem = addressProblem(env, kind, address);
  if (problem !== null) return failed(`The address ${problem}`);
  const body = JSON.stringify(kind === "slack" ? toSlack(message) : toPayload(message));
  const secrets = [secret, ...(previous !== undefined && previous.until > now ? [previous.secret] : [])];
  const signed = await signedHeaders(
    messageId,
    now,
    body,
    secrets.filter((one) => one !== null),
  );
  try {
    const unreachable = await reachProblem(env, new URL(address));
    if (unreachable !== null) return failed(unreachable);
  } catch {
    return failed("Its name could not be resolved");
  }
  let reply: Response;
  try {
    reply = await fetch(address, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "User-Agent": "Captures-Webhooks/1",
        ...(kind === "standard" && signed),
      },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await readSome(reply, MAX_ANSWER_BYTES);
  } catch (error) {
    const isLate = error instanceof Error && error.name === "TimeoutError";
    return failed(
      isLate ? `It did not answer within ${TIMEOUT_MS / 1000} seconds` : "It could not be reached",
    );
  }
  return judge(kind, reply, now);
}

function judge(kind: Kind, { status, headers }: Response, now: number): Sent {
  if (status >= 200 && status < 300) return { status, error: null };
  if (status >= 300 && status < 400)
    return failed(`It answered ${status}: redirects are not followed`, status);
  const sent = failed(`It answered ${status}`, status);
  // Slack answers 404 for a webhook that was removed, and 410 for a channel that is archived.
  if (status === 410 || (kind === "slack" && status === 404))
    return { ...sent, gone: `It answered ${status}: nothing is to be sent there any more` };
  const pause = retryAfter(headers, now);
  return pause === undefined ? sent : { ...sent, retryAfterMs: pause };
}

/** How long to wait, by `Retry-After` in seconds or as a date (RFC 9110). */
function retryAfter(headers: Headers, now: number): number | undefined {
  const text = headers.get("retry-after");
  if (text === null) return;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
}

/**
 * Sends an event by e-mail.
 * @param mailer null where the service sends none
 * @param to null when the member has left, has no account any more, or no verified address
 */
export async function mail(mailer: Mailer | null, message: Message, to: string | null): Promise<Sent> {
  if (to === null) {
    const gone = "Its recipient is no member with a verified address any more";
    return { ...failed(gone), gone };
  }
  if (mailer === null) return failed("This service sends no e-mail");
  try {
    await mailer.send({ to, ...toMail(message), id: message.messageId });
    return { status: null, error: null };
  } catch {
    return failed("The e-mail could not be handed over");
  }
}
