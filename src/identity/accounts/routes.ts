import { Hono } from "hono";
import type * as z from "zod";
import { positiveNumber } from "../../env.ts";
import { unknownCaller } from "../../http/authentication.ts";
import { type App, type AppContext, noteCaller } from "../../http/context.ts";
import { readAnybodysBody, readBody, refuseInput } from "../../http/input.ts";
import { limitAccountChanges, limitSignIns } from "../../http/rate-limits.ts";
import type { ApiError } from "../../http/refusals.ts";
import { randomText } from "../../lib/random-text.ts";
import { countedByAddress } from "../by-address.ts";
import { byPassword } from "../by-password.ts";
import { bySession } from "../by-session.ts";
import { boundHashing } from "../hashing.ts";
import type { Invites } from "../invites.ts";
import { mailAfterSignUp } from "../links/routes.ts";
import { isRemembered, keepSession, newSession } from "../new-session.ts";
import { hashPassword, verifyPassword } from "../passwords.ts";
import { refuseIdentity, tooManyAccounts } from "../refusals.ts";
import type { passwordChangedSchema, signedInSchema, signedUpSchema, statusSchema } from "../replies.ts";
import { countSignUp } from "../sign-up-limits.ts";
import { toUser, type UserRow } from "../user.ts";
import { limitPasswordChanges, limitSignInPasswords, rememberNetwork } from "../wrong-passwords.ts";
import {
  changePasswordSchema,
  invitedSchema,
  signInSchema,
  signUpSchema,
  updateUserSchema,
} from "./schema.ts";
import * as store from "./store.ts";

/** How many changes of passwords one address may ask for in so many seconds. */
const PASSWORD_CHANGES = { window: 10, max: 3 };
const ID_LENGTH = 32;

/**
 * `/api/auth/sign-up/email`, `sign-in/email`, `update-user` and `change-password`: accounts with a password. The paths and replies are
 * those of better-auth, which answered here before.
 * @param invites what becomes of the invite that a sign-up names
 */
export function accountRoutes(invites: Invites) {
  return new Hono<App>()
    .post(
      "/sign-up/email",
      byPassword,
      limitSignIns,
      countedByAddress("/sign-up/email"),
      boundHashing,
      async (c) => {
        const { user, token } = await signUp(c, invites);
        return c.json({ token, user: toUser(user) } satisfies z.output<typeof signedUpSchema>);
      },
    )

    .post(
      "/sign-in/email",
      byPassword,
      limitSignIns,
      countedByAddress("/sign-in/email"),
      boundHashing,
      limitSignInPasswords,
      async (c) => {
        const { email, password, rememberMe } = await readAnybodysBody(c, signInSchema());
        const { db } = c.var;
        const found = await store.findByEmail(db, email);
        const passwordHash = await verified(found?.passwordHash ?? null, password);
        if (found === null || passwordHash === null) throw refuseIdentity.wrongSignIn();
        const now = Date.now();
        const session = newSession(c, now, rememberMe);
        if (!(await store.signIn(db, { userId: found.id, passwordHash }, session, now)))
          throw refuseIdentity.wrongSignIn();
        noteCaller(found.id);
        await keepSession(c, session, rememberMe);
        const reply = { redirect: false, token: session.sessionToken, user: toUser(found) } as const;
        return c.json(reply satisfies z.output<typeof signedInSchema>);
      },
    )

    .post("/update-user", limitAccountChanges, bySession, async (c) => {
      const { name } = await readBody(c, updateUserSchema());
      const caller = await store.rename(c.var.db, c.var.credential, name, Date.now());
      if (caller === null) throw unknownCaller();
      noteCaller(caller);
      return c.json({ status: true } satisfies z.output<typeof statusSchema>);
    })

    .post(
      "/change-password",
      byPassword,
      limitAccountChanges,
      bySession,
      countedByAddress("/change-password", PASSWORD_CHANGES),
      boundHashing,
      limitPasswordChanges,
      async (c) => {
        const { currentPassword, newPassword, revokeOtherSessions, revokeKeys } = await readBody(
          c,
          changePasswordSchema(),
        );
        const { db, credential } = c.var;
        const found = await store.findOwn(db, credential, Date.now());
        if (found === null) throw unknownCaller();
        noteCaller(found.id);
        if (found.passwordHash === null) throw refuseIdentity.noPasswordYet();
        const before = await verified(found.passwordHash, currentPassword);
        if (before === null) throw refuseIdentity.wrongCurrentPassword();
        const passwordHash = await hashPassword(newPassword);
        const now = Date.now();
        const lasts = isRemembered(found.lifetime);
        const session = revokeOtherSessions ? newSession(c, now, lasts) : null;
        const change = { userId: found.id, before, passwordHash, session, revokeKeys };
        // Somebody has changed it meanwhile, or ended the session.
        if (!(await store.changePassword(db, credential, change, now)))
          return refuseInput(c, refuseIdentity.wrongCurrentPassword());
        if (session !== null) await keepSession(c, session, lasts);
        const reply = { token: session?.sessionToken ?? null, user: toUser(found) };
        return c.json(reply satisfies z.output<typeof passwordChangedSchema>);
      },
    );
}

/**
 * What is stored of a password, if it is that one; null if not, or there is none. Takes as long for an account that does not exist, or
 * has no password, or the difference would tell.
 */
async function verified(passwordHash: string | null, password: string): Promise<string | null> {
  if (passwordHash !== null)
    return (await verifyPassword({ hash: passwordHash, password })) ? passwordHash : null;
  await hashPassword(password);
  return null;
}

/**
 * Makes an account and signs it in. Whoever owns the address is mailed, also where there is an account with it already.
 * @throws ApiError 403 without the invite that it takes, 409 when the service is full, 422 when the address has an account, 429
 */
async function signUp(c: AppContext, invites: Invites): Promise<{ user: UserRow; token: string }> {
  const { db } = c.var;
  const isOpen = c.env.SIGN_UP === "open";
  // Before all else: it would tell people without an invite which addresses have an account.
  if (!isOpen && !(await isInvited(c, invites))) throw refuseIdentity.inviteRequired();
  const { name, email, password, inviteCode, rememberMe } = await readAnybodysBody(c, signUpSchema());
  const maxAccounts = positiveNumber(c.env, "MAX_ACCOUNTS");
  const standing = await store.standingOfAddress(db, email, maxAccounts);
  if (standing !== "free") throw refuseStanding(c, standing, email, maxAccounts);
  const passwordHash = await hashPassword(password);
  const now = Date.now();
  // After all other checks: a mistyped address or a short password must not use up the invite.
  if (!isOpen && !(await invites.claimInvite(db, inviteCode ?? "", email, now)))
    throw refuseIdentity.inviteRequired();
  if (isOpen) await countSignUp(c);
  const session = newSession(c, now, rememberMe);
  const draft = {
    userId: randomText(ID_LENGTH),
    accountId: randomText(ID_LENGTH),
    name,
    email,
    passwordHash,
  };
  const made = await store.createAccount(db, draft, session, maxAccounts, now);
  if (typeof made === "string") throw refuseStanding(c, made, email, maxAccounts);
  noteCaller(made.id);
  if (inviteCode !== undefined) {
    const credential = { kind: "user", value: made.id, address: session.address } as const;
    await invites.acceptInvite(db, credential, inviteCode, now);
  }
  await rememberNetwork(c);
  mailAfterSignUp(c, email, true);
  await keepSession(c, session, rememberMe);
  return { user: made, token: session.sessionToken };
}

/** Whether a sign-up names an invite that its address could use. */
async function isInvited(c: AppContext, invites: Invites): Promise<boolean> {
  const { email, inviteCode } = await readAnybodysBody(c, invitedSchema());
  if (typeof inviteCode !== "string" || typeof email !== "string") return false;
  return invites.isClaimable(c.var.db, inviteCode, email, Date.now());
}

/** Why there can be no account with an address; whoever owns one that has an account is mailed that somebody tried. */
function refuseStanding(
  c: AppContext,
  standing: store.Refused,
  email: string,
  maxAccounts: number,
): ApiError {
  if (standing === "full") return tooManyAccounts(maxAccounts);
  mailAfterSignUp(c, email, false);
  return refuseIdentity.emailTaken();
}
