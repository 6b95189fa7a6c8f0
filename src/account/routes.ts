import { Hono } from "hono";
import type * as z from "zod";
import { allowsPasswords } from "../env.ts";
import { unknownCaller } from "../http/authentication.ts";
import { type App, type AppContext, noteCaller } from "../http/context.ts";
import { readBody } from "../http/input.ts";
import { refuseOtherOrigins } from "../http/origins.ts";
import { ADDRESS_POLICY, exhausted, limitAccountChanges, limitAccountReads } from "../http/rate-limits.ts";
import { countInWindow } from "../identity/address-limits.ts";
import { bySession } from "../identity/by-session.ts";
import { boundHashing } from "../identity/hashing.ts";
import { forgetSession } from "../identity/new-session.ts";
import { verifyPassword } from "../identity/passwords.ts";
import { refuseIdentity } from "../identity/refusals.ts";
import { log } from "../lib/log.ts";
import { type Asking, deleteAccount, readAsking } from "./deletion.ts";
import { readExport } from "./export.ts";
import * as refuse from "./refusals.ts";
import type { accountDeletedSchema } from "./replies.ts";
import { deleteAccountSchema } from "./schema.ts";

/** How old a session may be that stands for a password, where an account has none. */
const FRESH_MS = 10 * 60 * 1000;
/** How many passwords may be tried for one account. */
const TRIES = { window: 10 * 60, max: 10 };

/** `/api/account`: one's own data. Only for a person with a session: a key must not read out or delete the account that it is of. */
export const accountRoutes = new Hono<App>()
  .get("/export", limitAccountReads, bySession, async (c) => {
    const exported = await readExport(c.var.db, c.var.credential, Date.now());
    if (exported === null) throw unknownCaller();
    noteCaller(exported.account.id);
    return c.json(exported, 200, {
      "Content-Disposition": 'attachment; filename="captures-account.json"',
      "Cache-Control": "no-store",
    });
  })

  .delete(
    "/",
    limitAccountChanges,
    bySession,
    async (c, next) => {
      refuseOtherOrigins(c);
      await boundHashing(c, next);
    },
    async (c) => {
      const { password } = await readBody(c, deleteAccountSchema());
      const { db, credential } = c.var;
      const asking = await readAsking(db, credential, Date.now());
      if (asking === null) throw unknownCaller();
      noteCaller(asking.caller);
      await confirm(c, asking, password);
      const deleted = await deleteAccount(db, credential, asking, Date.now());
      if (deleted.outcome === "blocked") throw refuse.onlyAdmin(deleted.by);
      if (deleted.outcome === "changed") throw refuse.changedMeanwhile();
      log.info("account.deleted", { userId: asking.caller });
      forgetSession(c);
      return c.json({ success: true } satisfies z.output<typeof accountDeletedSchema>);
    },
  );

/** Makes sure that it is the account's owner who asks, and not who has found the browser open. @throws ApiError when it may be */
async function confirm(c: AppContext, asking: Asking, password: string | undefined): Promise<void> {
  // Where people sign in by a provider only, a password of before could be forgotten, and not be set anew.
  if (asking.password === null || !allowsPasswords(c.env)) {
    if (Date.now() - asking.signedInAt > FRESH_MS) throw refuse.signInAgain();
    return;
  }
  if (password === undefined) throw refuse.passwordRequired();
  const retryAfter = await countInWindow(c.var.db, `account-deletion:${asking.caller}`, TRIES);
  if (retryAfter !== null) throw refuse.tooManyTries(exhausted(ADDRESS_POLICY, retryAfter));
  if (!(await verifyPassword({ hash: asking.password, password }))) throw refuseIdentity.wrongPassword();
}
