import { setSignedCookie } from "hono/cookie";
import { SESSION_COOKIE } from "../http/authentication.ts";
import type { AppContext } from "../http/context.ts";
import { clientAddress } from "../http/rate-limits.ts";
import { isHttps } from "../http/scheme.ts";
import { randomText } from "../lib/random-text.ts";

/* A session as better-auth makes it, for who signs in by another way: it ends and prolongs these like its own. */

/** How long a session lasts that is not used. */
export const SESSION_SECONDS = 7 * 24 * 60 * 60;

const LENGTH = 32;
/** The most characters of what a browser calls itself. */
const MAX_AGENT = 500;

/** What is stored of a new session: parameters of `insertSession`. */
export interface NewSession {
  sessionId: string;
  sessionToken: string;
  sessionEnds: number;
  address: string | null;
  agent: string | null;
}

/** A new session of the browser that a request comes from. */
export const newSession = (c: AppContext, now: number): NewSession => ({
  sessionId: randomText(LENGTH),
  sessionToken: randomText(LENGTH),
  sessionEnds: now + SESSION_SECONDS * 1000,
  address: clientAddress(c),
  agent: c.req.header("user-agent")?.slice(0, MAX_AGENT) ?? null,
});

/**
 * The SQL that stores a new session, with the parameters of `NewSession` and `:now`.
 * @param signedInBy how it is made
 * @param owner SQL of the user's id
 * @param from the table that it is of, and what is asked of it: at most one row
 */
export const insertSession = (signedInBy: "password" | "sso", owner: string, from: string): string =>
  `insert into session (id, token, user_id, expires_at, ip_address, user_agent, created_at, updated_at, signed_in_by)
   select :sessionId, :sessionToken, ${owner}, :sessionEnds, :address, :agent, :now, :now, '${signedInBy}' from ${from}`;

/** Gives the browser the cookie of a session that was stored. */
export async function keepSession(c: AppContext, { sessionToken }: NewSession): Promise<void> {
  await setSignedCookie(c, SESSION_COOKIE, sessionToken, c.env.BETTER_AUTH_SECRET, {
    httpOnly: true,
    sameSite: "Lax",
    maxAge: SESSION_SECONDS,
    ...(isHttps(c) && { prefix: "host" }),
  });
}
