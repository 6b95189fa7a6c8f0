import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import type { Env } from "../env.ts";
import { sha256 } from "../lib/hash.ts";
import { refuse } from "./refusals.ts";
import { isHttps } from "./scheme.ts";
import { signedValue } from "./signed-cookie.ts";

/** The prefix of better-auth's cookies, set in auth.ts. */
export const COOKIE_PREFIX = "captures";

const SESSION_COOKIE = `${COOKIE_PREFIX}.session_token`;

/** What goes before a cookie's name: `__Secure-` where it was set over HTTPS, as better-auth does. */
export function cookiePrefix(c: Context): "secure" | undefined {
  return isHttps(c) ? "secure" : undefined;
}

/** What a request shows of its caller: enough to look the caller up, not yet proof that there is one. */
export interface Credential {
  /** `user` is for the service itself, which has just signed that user in; no request can show it. */
  kind: "session" | "apiKey" | "user";
  /** A session's token, the hash of an API key, or a user's id, as the tables hold them. */
  value: string;
}

/**
 * Reads the caller's credential from a request, without any I/O: an API key (`Authorization: Bearer` or `x-api-key`), or
 * else the session cookie, whose signature is verified here. Whether the session or the key exists, and has not expired or
 * been revoked, is asked by the same D1 statement that does what the request wants (see `callerOf`).
 * @throws ApiError 401 when there is none, or a signature is wrong.
 */
export async function readCredential<E extends { Bindings: Env }>(c: Context<E>): Promise<Credential> {
  const authorization = c.req.header("authorization");
  const key =
    authorization === undefined ? c.req.header("x-api-key") : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (authorization !== undefined || key !== undefined) {
    if (key === undefined) throw refuse.loginRequired();
    return { kind: "apiKey", value: await sha256(key) };
  }
  const session = await readSessionCookie(c);
  if (session === null) throw refuse.loginRequired();
  return session;
}

/** Reads the session cookie, whatever else a request shows; null when there is none, or its signature is wrong. */
export async function readSessionCookie<E extends { Bindings: Env }>(
  c: Context<E>,
): Promise<Credential | null> {
  const cookie = getCookie(c, SESSION_COOKIE, cookiePrefix(c));
  const token = cookie === undefined ? null : await signedValue(cookie, c.env.BETTER_AUTH_SECRET);
  return token === null ? null : { kind: "session", value: token };
}

const CALLER = {
  session: "caller as (select user_id as id from session where token = ?1 and expires_at > ?2)",
  apiKey:
    "caller as (select reference_id as id from apikey where key = ?1 and enabled = 1 and (expires_at is null or expires_at > ?2))",
  user: "caller as (select id from user where id = ?1 and ?2 is not null)",
} as const;

/**
 * The common table expression `caller`, one row with the `id` of the user whose credential it is, or none. Every statement
 * that acts for a caller begins with it, so that authentication costs no round trip of its own. It takes the first two
 * parameters of the statement: `?1` the credential's value, `?2` the time in milliseconds.
 */
export function callerOf(credential: Credential): string {
  return CALLER[credential.kind];
}
