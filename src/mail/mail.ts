import type { Env } from "../env.ts";
import { within } from "../lib/time-limit.ts";

/*
 * How this service sends mail: by Cloudflare's e-mail binding, or by a hook, which is any address that takes a mail as JSON. Where
 * neither is configured it sends none. A mail is tried once: whoever sends it owns the retries (delivery.ts, or an outbox).
 */

/** A mail to one person, in plain text. */
export interface Mail {
  /** The address, without a name. */
  to: string;
  subject: string;
  text: string;
  /** What names this mail, the same for each attempt, so that a hook which has taken it already can tell; a new one if absent. */
  id?: string;
}

/** A way to send mail. */
export interface Mailer {
  /**
   * Hands a mail over, which is not yet its arrival.
   * @throws MailFailure when that failed, or it is not known whether it did
   */
  send(mail: Mail): Promise<void>;
}

/** Why a mail was not handed over. Its words have nothing of the mail, so that they can be logged. */
export class MailFailure extends Error {
  override readonly name = "MailFailure";
}

/** How long a mail may take to be handed over. */
const TIMEOUT_MS = 10_000;
/** The most characters of a subject: more does not fit a line of a list. */
const MAX_SUBJECT = 200;

/** Whether mail is to be sent, be the way to send it configured rightly or not. */
export const sendsMail = ({ MAIL_FROM: from }: Pick<Env, "MAIL_FROM">): boolean => Boolean(from);

/**
 * The way to send mail that is configured; null where none is.
 * @throws Error saying what is wrong with a variable: a misconfigured service should say so, not lose mail
 */
export function mailerOf(env: Env): Mailer | null {
  if (!sendsMail(env)) return null;
  const from = senderOf(env.MAIL_FROM);
  const hand = env.MAIL_HOOK_URL ? byHook(env, from) : byBinding(env, from);
  return {
    async send(mail) {
      if (!ADDRESS.test(mail.to)) throw new MailFailure("The address of a mail is not one");
      const subject = mail.subject
        .replace(/\p{Cc}+/gu, " ")
        .slice(0, MAX_SUBJECT)
        .toWellFormed();
      await hand({ id: crypto.randomUUID(), ...mail, subject });
    },
  };
}

/** Whom mail is from. */
interface Sender {
  name: string;
  email: string;
}

type Hand = (mail: Required<Mail>) => Promise<void>;

/** One address: nothing that could part it from another, or end a header. */
const ADDRESS = /^[^\s@<>,;"]+@[^\s@<>,;"]+$/;

/** An address as people write it: `captures@example.com`, or `Captures <captures@example.com>`. */
function senderOf(text: string): Sender {
  const [, name = "Captures", email = text] = /^([^<>"\p{Cc}]+?) *<([^<>]+)>$/u.exec(text) ?? [];
  if (ADDRESS.test(email)) return { name, email };
  throw new Error(
    'The variable MAIL_FROM must be an e-mail address, such as "Captures <captures@example.com>"',
  );
}

/** Sends by Cloudflare's binding (Email Service, "Workers API"). */
function byBinding({ EMAIL: binding }: Env, from: Sender): Hand {
  if (binding === undefined)
    throw new Error("MAIL_FROM is set, but there is neither the binding EMAIL nor MAIL_HOOK_URL");
  return async ({ to, subject, text }) => {
    try {
      await within(TIMEOUT_MS, "The e-mail binding", binding.send({ from, to, subject, text }));
    } catch (error) {
      // Its messages name the address.
      const { code } = error as { code?: unknown };
      const why = typeof code === "string" && /^E_[A-Z_]{1,60}$/.test(code) ? code : "it gave no code";
      throw new MailFailure(`The e-mail binding did not take a mail: ${why}`);
    }
  };
}

/**
 * Sends by a hook: `{from, to, subject, text}` as JSON, with the secret as a bearer token and the mail's id as `Idempotency-Key`. It
 * is not followed anywhere else, and nothing of its answer is read but the status.
 */
function byHook({ MAIL_HOOK_URL: url, MAIL_HOOK_SECRET: secret }: Env, from: Sender): Hand {
  // The address may have a secret in it, so it is not quoted.
  if (!URL.canParse(url) || !/^https:\/\/[^/@]+(\/|$)/.test(new URL(url).href))
    throw new Error("The variable MAIL_HOOK_URL must be an https address without a user");
  if (!secret) throw new Error("MAIL_HOOK_URL is set, but the secret MAIL_HOOK_SECRET is not");
  return async ({ id, to, subject, text }) => {
    const reply = await fetch(url, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${secret}`,
        "idempotency-key": id,
      },
      body: JSON.stringify({ from: `${from.name} <${from.email}>`, to, subject, text }),
    }).catch(() => {
      throw new MailFailure("The mail hook could not be reached, or took too long");
    });
    await reply.body?.cancel();
    if (!reply.ok) throw new MailFailure(`The mail hook answered ${reply.status}`);
  };
}
