import { deleteCookie, setSignedCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";
import { SESSION_COOKIE } from "../http/authentication.ts";
import type { AppContext } from "../http/context.ts";
import { clientAddress } from "../http/rate-limits.ts";
import { isHttps } from "../http/scheme.ts";
import { randomText } from "../lib/random-text.ts";

/* What makes a session, by whatever way somebody signs in. */

/** A day; as long as a session lasts that is to end with the browser's. */
export const DAY_SECONDS = 24 * 60 * 60;
/** How long another session lasts that is not used. */
export const SESSION_SECONDS = 7 * DAY_SECONDS;

/** Whether a session lasts when the browser is closed. @param lifetime how long it is kept that is not used, in milliseconds */
export const isRemembered = (lifetime: number): boolean => lifetime > DAY_SECONDS * 1000;

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

/**
 * A new session of the browser that a request comes from.
 * @param lasts whether it is to last when the browser is closed
 */
export const newSession = (c: AppContext, now: number, lasts = true): NewSession => ({
  sessionId: randomText(LENGTH),
  sessionToken: randomText(LENGTH),
  sessionEnds: now + (lasts ? SESSION_SECONDS : DAY_SECONDS) * 1000,
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

/** The attributes of the cookie. Over HTTPS, browsers take it from this very host only. */
const attributes = (c: AppContext): CookieOptions => ({
  httpOnly: true,
  sameSite: "Lax",
  ...(isHttps(c) && { prefix: "host" }),
});

/** Gives the browser the cookie of a session that was stored. */
export async function keepSession(
  c: AppContext,
  { sessionToken }: Pick<NewSession, "sessionToken">,
  lasts = true,
): Promise<void> {
  await setSignedCookie(c, SESSION_COOKIE, sessionToken, c.env.BETTER_AUTH_SECRET, {
    ...attributes(c),
    ...(lasts && { maxAge: SESSION_SECONDS }),
  });
}

/** Takes the cookie of a session that has ended from the browser. */
export function forgetSession(c: AppContext): void {
  deleteCookie(c, SESSION_COOKIE, attributes(c));
}
