import { Hono } from "hono";
import { writeSession } from "../../db/session.ts";
import type { Env } from "../../env.ts";
import { unknownCaller } from "../../http/authentication.ts";
import { type App, type AppContext, noteCaller } from "../../http/context.ts";
import { readAnybodysBody, readBody } from "../../http/input.ts";
import { exhausted, limitAccountChanges, limitSignIns } from "../../http/rate-limits.ts";
import { describeError, log } from "../../lib/log.ts";
import { deliver } from "../../mail/delivery.ts";
import { type Mail, type Mailer, mailerOf } from "../../mail/mail.ts";
import { countedByAddress } from "../by-address.ts";
import { byPassword } from "../by-password.ts";
import { bySession } from "../by-session.ts";
import { boundHashing } from "../hashing.ts";
import { hashPassword, verifyPassword } from "../passwords.ts";
import { refuseIdentity } from "../refusals.ts";
import { forgetWrongPasswords } from "../wrong-passwords.ts";
import { attemptChange, makeChangeLink } from "./change.ts";
import { MAILS } from "./limits.ts";
import * as mails from "./mails.ts";
import { refuseLink, tooManyChanges, tooManyMails } from "./refusals.ts";
import type { EmailVerified, MailAsked, PasswordReset } from "./replies.ts";
import { changeEmailSchema, requestResetSchema, resetSchema, verifySchema } from "./schema.ts";
import * as store from "./store.ts";

/**
 * The ways back into an account, and the proof of its address: `/api/auth/request-password-reset`, `reset-password`,
 * `send-verification-email`, `verify-email` and `change-email`. The paths are those of better-auth, which answered here before.
 */
export const linkRoutes = new Hono<App>()
  .post(
    "/request-password-reset",
    byPassword,
    limitSignIns,
    countedByAddress("/request-password-reset"),
    async (c) => {
      const mailer = mailerOrRefuse(c.env);
      const { email } = await readAnybodysBody(c, requestResetSchema());
      const link = await store.makeLink(c.var.db, "reset", email, Date.now());
      // Sent after the answer, which so takes as long whether there is an account or not.
      if (link !== null) send(c, mailer, "reset-link", mails.resetMail(about(c, email), link));
      return c.json({ status: true } satisfies MailAsked);
    },
  )

  .post(
    "/reset-password",
    byPassword,
    limitSignIns,
    countedByAddress("/reset-password"),
    boundHashing,
    async (c) => {
      const { token, newPassword, revokeKeys } = await readAnybodysBody(c, resetSchema());
      if (!(await store.isResetLink(c.var.db, token, Date.now()))) throw refuseLink.linkNotFound();
      const passwordHash = await hashPassword(newPassword);
      const reset = await store.resetPassword(c.var.db, { token, passwordHash, revokeKeys }, Date.now());
      if (reset === null) throw refuseLink.linkNotFound();
      const { userId, email, keysRevoked } = reset;
      noteCaller(userId);
      await forgetWrongPasswords(c, email);
      tell(c, "password-set", mails.passwordSetMail(about(c, email), reset));
      return c.json({ status: true, email, keysRevoked } satisfies PasswordReset);
    },
  )

  .post("/send-verification-email", limitAccountChanges, bySession, async (c) => {
    const mailer = mailerOrRefuse(c.env);
    const { db, credential } = c.var;
    const now = Date.now();
    const found = await store.addressOf(db, credential, now);
    if (found === null) throw unknownCaller();
    noteCaller(found.caller);
    if (found.isVerified) throw refuseLink.verifiedAlready();
    const link = await store.makeLink(db, "verify", found.email, now);
    if (link === null) throw tooManyMails(exhausted("mails", MAILS.seconds));
    send(c, mailer, "verify-link", mails.verifyMail(about(c, found.email), link.token));
    return c.json({ status: true } satisfies MailAsked);
  })

  .post("/verify-email", limitAccountChanges, bySession, async (c) => {
    const { token } = await readBody(c, verifySchema());
    const confirmed = await store.confirmAddress(c.var.db, c.var.credential, token, Date.now());
    if (confirmed.outcome === "unauthenticated") throw unknownCaller();
    noteCaller(confirmed.caller);
    if (confirmed.outcome === "no-link") throw refuseLink.linkNotYours();
    if (confirmed.outcome === "taken") throw refuseLink.addressTaken();
    const { before, email } = confirmed;
    if (before !== email) tell(c, "address-changed", mails.changedMail(about(c, before), email));
    return c.json({ status: true, email } satisfies EmailVerified);
  })

  .post("/change-email", byPassword, limitAccountChanges, bySession, boundHashing, async (c) => {
    const mailer = mailerOrRefuse(c.env);
    const { newEmail, password } = await readBody(c, changeEmailSchema());
    const { db, credential } = c.var;
    const attempt = await attemptChange(db, credential, Date.now());
    if (attempt.outcome === "unauthenticated") throw unknownCaller();
    noteCaller(attempt.caller);
    if (attempt.outcome === "too-many") throw tooManyChanges(exhausted("address-changes", attempt.seconds));
    const { email, passwordHash } = attempt;
    if (passwordHash === null) throw refuseLink.noPassword();
    if (!(await verifyPassword({ hash: passwordHash, password }))) throw refuseIdentity.wrongPassword();
    if (newEmail === email) throw refuseLink.sameAddress();
    const change = await makeChangeLink(db, credential, newEmail, Date.now());
    const toNew = about(c, newEmail);
    if (change.outcome === "link") send(c, mailer, "change-link", mails.changeMail(toNew, change.token));
    if (change.outcome === "taken") send(c, mailer, "address-taken", mails.takenMail(toNew));
    send(c, mailer, "change-asked", mails.changeAskedMail(about(c, email), newEmail));
    return c.json({ status: true } satisfies MailAsked);
  });

/**
 * Mails whoever owns an address that somebody has signed up with, or tried to, after the answer: a link to prove that it is theirs.
 * @param email in small letters
 * @param isNew whether there is an account with it since now
 */
export function mailAfterSignUp(c: AppContext, email: string, isNew: boolean): void {
  const kind = isNew ? "verify-link" : "sign-up-tried";
  const run = async (mailer: Mailer) => {
    const link = await store.makeLink(writeSession(c.env.DB), "verify", email, Date.now());
    if (link === null) return;
    const mail = isNew ? mails.verifyMail : mails.triedMail;
    await deliver(mailer, kind, mail(about(c, email), link.token));
  };
  whereMailIsSent(c, kind, (mailer) =>
    c.executionCtx.waitUntil(run(mailer).catch((error) => failed(kind, error))),
  );
}

/** Sends a mail after the answer about what was done, if mail is sent here at all. */
function tell(c: AppContext, kind: string, mail: Mail): void {
  whereMailIsSent(c, kind, (mailer) => send(c, mailer, kind, mail));
}

/** Does something with the way to send mail, for what is done already: it can't fail any more, whatever is wrong with that way. */
function whereMailIsSent(c: AppContext, kind: string, run: (mailer: Mailer) => void): void {
  try {
    const mailer = mailerOf(c.env);
    if (mailer !== null) run(mailer);
  } catch (error) {
    failed(kind, error);
  }
}

const failed = (kind: string, error: unknown): void =>
  log.error("mail.failed", { kind, error: describeError(error).error });

/** The way to send mail. @throws ApiError 409 where there is none */
function mailerOrRefuse(env: Env): Mailer {
  const mailer = mailerOf(env);
  if (mailer === null) throw refuseLink.noMail();
  return mailer;
}

const about = (c: AppContext, to: string) => ({ to, origin: new URL(c.req.url).origin });

/** Sends a mail after the answer. */
function send(c: AppContext, mailer: Mailer, kind: string, mail: Mail): void {
  c.executionCtx.waitUntil(deliver(mailer, kind, mail));
}
