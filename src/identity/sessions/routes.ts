import { Hono } from "hono";
import type * as z from "zod";
import type { Credential } from "../../db/caller.ts";
import { readSessionCookie, unknownCaller } from "../../http/authentication.ts";
import { type App, type AppContext, noteCaller } from "../../http/context.ts";
import { readBody, readOptionalBody } from "../../http/input.ts";
import { limitAccountChanges, limitAccountReads } from "../../http/rate-limits.ts";
import { isoTime } from "../../lib/values.ts";
import { bySession } from "../by-session.ts";
import { forgetSession, keepSession, SESSION_SECONDS } from "../new-session.ts";
import type { currentSessionSchema, sessionSchema, statusSchema, successSchema } from "../replies.ts";
import { toUser } from "../user.ts";
import { nothingSchema, revokeSessionSchema } from "./schema.ts";
import * as store from "./store.ts";

type Status = z.output<typeof statusSchema>;

/**
 * `/api/auth/get-session`, `list-sessions`, `sign-out` and `revoke-…`: who is signed in, and where. The paths and replies are those of
 * better-auth, which answered here before.
 */
export const sessionRoutes = new Hono<App>()
  .get("/get-session", limitAccountReads, async (c) => {
    const session = await readSessionCookie(c);
    return c.json(session === null ? null : await readCurrent(c, session));
  })

  .get("/list-sessions", limitAccountReads, bySession, async (c) => {
    const rows = await store.listSessions(c.var.db, c.var.credential, Date.now());
    const [first] = rows;
    if (first === undefined) throw unknownCaller();
    noteCaller(first.caller);
    return c.json(rows.map((row) => toSession(row, first.caller)));
  })

  .post("/sign-out", async (c) => {
    await readOptionalBody(c, nothingSchema());
    const session = await readSessionCookie(c);
    if (session !== null) await store.endSession(c.var.db, session.value);
    forgetSession(c);
    return c.json({ success: true } satisfies z.output<typeof successSchema>);
  })

  .post("/revoke-session", limitAccountChanges, bySession, async (c) => {
    await end(c, await readBody(c, revokeSessionSchema()));
    return c.json({ status: true } satisfies Status);
  })

  .post("/revoke-sessions", limitAccountChanges, bySession, async (c) => {
    await readOptionalBody(c, nothingSchema());
    await end(c, "all");
    forgetSession(c);
    return c.json({ status: true } satisfies Status);
  })

  .post("/revoke-other-sessions", limitAccountChanges, bySession, async (c) => {
    await readOptionalBody(c, nothingSchema());
    await end(c, "others");
    return c.json({ status: true } satisfies Status);
  });

/**
 * Who is signed in by a session, which is prolonged if it is due; null where it has ended. The cookie stays then: the browser may have that
 * of a newer session before this answer comes, and a replica may not know a new session yet.
 */
async function readCurrent(
  c: AppContext,
  session: Credential,
): Promise<z.output<typeof currentSessionSchema>> {
  const now = Date.now();
  const row = await store.currentSession(c.var.db, session, now);
  if (row === null) return null;
  if (store.isDue(row, now)) {
    if (!(await store.prolong(c.var.db, session, now))) return null;
    await keepSession(c, { sessionToken: session.value });
    row.sessionEnds = now + SESSION_SECONDS * 1000;
    row.sessionUpdatedAt = now;
  }
  noteCaller(row.id);
  return { session: toSession(row, row.id), user: toUser(row) };
}

async function end(c: AppContext, which: Parameters<typeof store.endSessions>[2]): Promise<void> {
  const caller = await store.endSessions(c.var.db, c.var.credential, which, Date.now());
  if (caller === null) throw unknownCaller();
  noteCaller(caller);
}

const toSession = (row: store.SessionRow, userId: string): z.output<typeof sessionSchema> => ({
  id: row.sessionId,
  token: row.token,
  userId,
  expiresAt: isoTime(row.sessionEnds),
  createdAt: isoTime(row.sessionCreatedAt),
  updatedAt: isoTime(row.sessionUpdatedAt),
  ipAddress: row.address,
  userAgent: row.agent,
});
