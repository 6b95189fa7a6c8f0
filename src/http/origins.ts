import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import type { Env } from "../env.ts";
import type { App, AppContext } from "./context.ts";
import { isSafe } from "./methods.ts";
import { refuse } from "./refusals.ts";

/*
 * Which pages of other origins may use the API: those that CORS_ORIGINS lists may call it and read what it answers (CORS), and
 * no other may change anything with a visitor's cookie (CSRF).
 */

/** How long a browser may remember what a preflight answered, in seconds: the most that Chromium does. */
const PREFLIGHT_SECONDS = 2 * 60 * 60;

/** What a listed page may do besides what any page may: the methods and headers of the API, and its replies' headers. */
const allow = cors({
  // Asked for listed origins only.
  origin: (origin) => origin,
  credentials: true,
  allowMethods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
  allowHeaders: [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Api-Key",
    "X-D1-Bookmark",
    "X-Request-Id",
  ],
  exposeHeaders: [
    "Content-Disposition",
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-D1-Bookmark",
    "X-Metrics-Incomplete",
    "X-Metrics-Period",
    "X-Metrics-Source",
    "X-Request-Id",
    "X-Workload-Incomplete",
  ],
  maxAge: PREFLIGHT_SECONDS,
});

/** Answers the preflights of listed origins, and lets their pages read the replies; other origins get no CORS headers. */
export const crossOrigin: MiddlewareHandler<App> = (c, next) =>
  listedOrigins(c.env).size === 0 ? next() : amongOrigins(c, next);

const amongOrigins: MiddlewareHandler<App> = async (c, next) => {
  const listed = listedOrigins(c.env);
  const isPreflight = c.req.header("access-control-request-method") !== undefined;
  const isOptions = c.req.method === "OPTIONS";
  if (listed.has(c.req.header("origin") ?? "") && (isPreflight || !isOptions)) return allow(c, next);
  await next();
  // A cache must not give one origin's reply to another.
  c.header("Vary", "Origin", { append: true });
};

/**
 * Refuses a change that a page of an origin that is not listed asks for: SameSite keeps a visitor's cookie from other sites,
 * but not from other hosts of this site, and some changes have no body whose type could give them away. A browser
 * sends the origin of such a request; a request without one comes from a program such as curl, which no page can misuse.
 * @throws ApiError 403
 */
export function refuseOtherOrigins(c: AppContext): void {
  if (!isSafe(c.req.method)) requireOurOrigin(c);
}

/**
 * Refuses a page of an origin that is not listed, whatever it asks for.
 * @throws ApiError 403
 */
export function requireOurOrigin(c: AppContext): void {
  const origin = c.req.header("origin");
  const site = c.req.header("sec-fetch-site");
  const isOurs =
    origin === undefined
      ? site === undefined || site === "same-origin"
      : origin === new URL(c.req.url).origin || listedOrigins(c.env).has(origin);
  if (!isOurs) throw refuse.otherOrigin();
}

/** The lists that were read: a deployment has one. */
const known = new Map<string, ReadonlySet<string>>();

/**
 * The origins that CORS_ORIGINS lists.
 * @throws Error saying what is wrong with the variable: a misconfigured service should say so, not let nobody or everybody in
 */
export function listedOrigins({ CORS_ORIGINS: text = "" }: Env): ReadonlySet<string> {
  const read = known.get(text);
  if (read !== undefined) return read;
  const origins = new Set(text.split(",").map(trim).filter(Boolean).map(checkedOrigin));
  known.set(text, origins);
  return origins;
}

const trim = (text: string): string => text.trim();

/** An origin as browsers write it: no path, no wildcard, no default port, host in lower case. */
function checkedOrigin(text: string): string {
  const hasForm = /^https?:\/\/([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d+)?$/.test(text);
  if (hasForm && URL.canParse(text) && new URL(text).origin === text) return text;
  throw new Error(
    `CORS_ORIGINS must be origins such as https://console.example.com parted by commas, not ${JSON.stringify(text)}`,
  );
}
