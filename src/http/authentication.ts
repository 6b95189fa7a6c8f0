import type { Context } from "hono";
import type { Credential } from "../db/caller.ts";
import { allowsPasswords, type Env } from "../env.ts";
import { sha256 } from "../lib/hash.ts";
import { isMistyped } from "./api-key.ts";
import { currentContext } from "./context.ts";
import { KeyNotAccepted } from "./key-refusal.ts";
import { isSafe } from "./methods.ts";
import { type ApiError, refuse } from "./refusals.ts";
import { isHttps } from "./scheme.ts";
import { signedCookie } from "./signed-cookie.ts";

/** What the names of all cookies begin with. */
export const COOKIE_PREFIX = "captures";
/**
 * The same of cookies that are set over HTTPS: browsers take a cookie with it only from this very host. One named `__Secure-`, as before,
 * a page of another host of the same domain could set, and so sign a visitor in as somebody else; it is not read any more.
 */
const HOST_COOKIE_PREFIX = `__Host-${COOKIE_PREFIX}`;

/** The name of the cookie of a session, before its prefix. */
export const SESSION_COOKIE = `${COOKIE_PREFIX}.session_token`;
const HOST_SESSION_COOKIE = `${HOST_COOKIE_PREFIX}.session_token`;

/**
 * Reads the caller's credential from a request, without any I/O: an API key (`Authorization: Bearer` or `x-api-key`), or
 * else the session cookie, whose signature is verified here. Whether the session or the key exists, and has not expired or
 * been revoked, is asked by the same D1 statement that does what the request wants (see `callerStatement`).
 * @throws ApiError 401 when there is none, or a signature or a key's checksum is wrong.
 */
export async function readCredential<E extends { Bindings: Env }>(c: Context<E>): Promise<Credential> {
  const authorization = c.req.header("authorization");
  const key =
    authorization === undefined ? c.req.header("x-api-key") : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (authorization !== undefined || key !== undefined) {
    if (key === undefined) throw refuse.loginRequired();
    if (isMistyped(key)) throw refuse.keyNotKnown();
    return { kind: "apiKey", value: await sha256(key), use: isSafe(c.req.method) ? "read" : "write" };
  }
  const session = await readSessionCookie(c);
  if (session === null) throw refuse.loginRequired();
  return session;
}

/** The name of the session's cookie where a request came in. */
export const sessionCookieName = (c: Context): string => (isHttps(c) ? HOST_SESSION_COOKIE : SESSION_COOKIE);

/** Reads the session cookie, whatever else a request shows; null when there is none, or its signature is wrong. */
export async function readSessionCookie<E extends { Bindings: Env }>(
  c: Context<E>,
): Promise<Credential | null> {
  const header = c.req.header("cookie");
  if (header === undefined) return null;
  const token = await signedCookie(header, sessionCookieName(c), c.env.BETTER_AUTH_SECRET);
  return token === null ? null : sessionOf(c.env, token);
}

/**
 * The credential of a session's token. Where people sign in by a provider only, a session that was made by a password is nobody's.
 * @throws Error when SIGN_IN is none of its values
 */
export const sessionOf = (env: Env, token: string): Credential => ({
  kind: "session",
  value: token,
  ...(!allowsPasswords(env) && { signedInBy: "sso" }),
});

/**
 * The refusal of a request whose credential the database does not know: a session that has ended, or an API key, which may also not be
 * meant for this.
 */
export function unknownCaller(): ApiError {
  const isKey = currentContext()?.get("credential")?.kind === "apiKey";
  return isKey ? new KeyNotAccepted() : refuse.loginRequired();
}
