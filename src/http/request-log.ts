import { matchedRoutes } from "hono/route";
import { log } from "../lib/log.ts";
import type { AppContext } from "./context.ts";

/**
 * Writes one line for every request, so that each can be found by the id in its reply. The platform samples requests
 * (`head_sampling_rate` in wrangler.toml), and keeps or drops all lines of a request together. What a caller sent is never
 * logged as it came: an address can hold the code of an invite, so the route's pattern is logged instead.
 *
 * @param began when the request came, in milliseconds since the epoch
 */
export function logRequest(c: AppContext, began: number): void {
  const route = routeOf(c);
  const { status } = c.res;
  // Load balancers ask for it every few seconds.
  if (route === "/api/health" && status === 200) return;
  const fields = {
    method: c.req.method,
    route,
    status,
    // By the Worker's clock, which advances with I/O only; for a download, until its first byte.
    duration: Date.now() - began,
    credential: c.get("credential")?.kind,
    caller: c.get("callerId"),
    captureId: c.get("captureId") ?? idIn("/api/captures/:id", route, c.req.path),
    envId: idIn("/api/environments/:id", route, c.req.path),
    clientRequestId: clientRequestId(c),
    colo: (c.req.raw.cf as { colo?: string } | undefined)?.colo,
    ray: rayOf(c),
  };
  if (status >= 500) log.error("request", fields);
  else log.info("request", fields);
}

/** The pattern of the route that answered, such as `/api/captures/:id`; null when there is none. */
function routeOf(c: AppContext): string | null {
  // The first that is no middleware, which is registered for all methods: a fixed name comes before a pattern that it fits as well.
  return matchedRoutes(c).find(({ method }) => method !== "ALL")?.path ?? null;
}

/** The id in a path, by which lines of the Durable Objects can be found, if it is one. */
function idIn(prefix: string, route: string | null, path: string): number | undefined {
  if (!route?.startsWith(prefix)) return undefined;
  const start = prefix.length - ":id".length;
  const end = path.indexOf("/", start);
  const id = path.slice(start, end < 0 ? path.length : end);
  return /^[1-9][0-9]{0,15}$/.test(id) ? Number(id) : undefined;
}

/** The client's own id of the request, from `X-Request-Id`; undefined if it does not look like an id. */
const clientRequestId = (c: AppContext): string | undefined =>
  headerLike(c, "x-request-id", /^[\w.:=+/-]{1,100}$/);

/** Cloudflare's id of the request; where a Worker runs without Cloudflare in front, a client can send anything there. */
const rayOf = (c: AppContext): string | undefined => headerLike(c, "cf-ray", /^[0-9a-f]{16}(-[A-Z]{3})?$/);

/** A header of the request; undefined when it is not there, or does not look like that. */
function headerLike(c: AppContext, name: string, pattern: RegExp): string | undefined {
  const value = c.req.header(name);
  return value !== undefined && pattern.test(value) ? value : undefined;
}
