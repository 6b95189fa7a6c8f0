import type { MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { readSession, writeSession } from "../db/session.ts";
import { BOOKMARK } from "../lib/values.ts";
import { COOKIE_PREFIX } from "./authentication.ts";
import { BOOKMARK_HEADER, isComplete } from "./complete-reply.ts";
import type { App, AppContext } from "./context.ts";
import { isSafe } from "./methods.ts";
import { isHttps } from "./scheme.ts";

/*
 * Which state of the database a client has seen, as a bookmark of D1: programs send the one of the last reply, browsers keep
 * it in a cookie. A page may do both: its tab sends what it has seen, and the cookie is what any of the browser's has changed, such as
 * that it has signed in. It is no secret, and grants nothing.
 */

const COOKIE = `${COOKIE_PREFIX}.bookmark`;
/** Far longer than a replica lags behind. A bookmark that all replicas have reached has no effect. */
const COOKIE_SECONDS = 10 * 60;

/** What goes before the cookie's name where it was set over HTTPS. Not `__Host-`: for that it would have to be sent to every path. */
const prefixOf = (c: AppContext) => (isHttps(c) ? "secure" : undefined);

/** Puts the session in which the request asks the database into the context, and its bookmark into the reply. */
export const bookmarks: MiddlewareHandler<App> = async (c, next) => {
  const isRead = isSafe(c.req.method);
  c.set("db", isRead ? readSession(c.env.DB, bookmarkOf(c)) : writeSession(c.env.DB));
  await next();
  if (isComplete(c)) return;
  // Of the session that was used last: a request that waits begins another.
  const bookmark = c.get("db").getBookmark();
  if (bookmark === null || c.res.status === 401) return;
  c.res.headers.set(BOOKMARK_HEADER, bookmark);
  // Set after a sign-in too, whose request has no credential yet.
  if (isRead || c.res.status >= 400 || c.get("credential")?.kind === "apiKey") return;
  const prefix = prefixOf(c);
  setCookie(c, COOKIE, bookmark, {
    path: "/api",
    httpOnly: true,
    sameSite: "Lax",
    maxAge: COOKIE_SECONDS,
    ...(prefix === undefined ? {} : { prefix, secure: true }),
  });
};

/** The bookmark that a request shows, of two the newer one: they sort by age. One that is none goes before one that is. */
function bookmarkOf(c: AppContext): string | undefined {
  const header = c.req.header(BOOKMARK_HEADER);
  const cookie = getCookie(c, COOKIE, prefixOf(c));
  if (header === undefined || cookie === undefined) return header ?? cookie;
  if (!BOOKMARK.test(header)) return header;
  return BOOKMARK.test(cookie) && cookie < header ? header : cookie;
}
