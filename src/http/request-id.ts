import type { MiddlewareHandler } from "hono";
import type { App, AppContext } from "./context.ts";

/**
 * Gives the request an id, in its reply and in every line of the log that is about it. A caller can't choose it, or it might
 * not be unique: the client's own id is a field of the request's line, `clientRequestId`.
 */
export const requestId: MiddlewareHandler<App> = async (c, next) => {
  const id = crypto.randomUUID();
  c.set("requestId", id);
  c.header("X-Request-Id", id);
  await next();
};

/** The client's own id of the request, from `X-Request-Id`; undefined if it does not look like an id. */
export const clientRequestId = (c: AppContext): string | undefined =>
  /^[\w.:=+/-]{1,100}$/.exec(c.req.header("x-request-id") ?? "")?.[0];
