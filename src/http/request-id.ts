import type { MiddlewareHandler } from "hono";
import type { App, AppContext } from "./context.ts";

/**
 * Names the request, in its reply and in every line of the log that is about it. The name is ours: one that a caller could
 * choose would not be one request's. What the caller calls it is a field of the request's line, `clientRequestId`.
 */
export const requestId: MiddlewareHandler<App> = async (c, next) => {
  const id = crypto.randomUUID();
  c.set("requestId", id);
  c.header("X-Request-Id", id);
  await next();
};

/** What the caller calls the request, in `X-Request-Id`; undefined for what looks like no name. */
export const clientRequestId = (c: AppContext): string | undefined =>
  /^[\w.:=+/-]{1,100}$/.exec(c.req.header("x-request-id") ?? "")?.[0];
