import type { MiddlewareHandler, Next } from "hono";
import { ID_HEADER, isComplete } from "./complete-reply.ts";
import { type App, type AppContext, inContext } from "./context.ts";
import { logRequest } from "./request-log.ts";
import { securityHeaders } from "./security-headers.ts";

/**
 * Gives the request an id, in its reply and in every line of the log that is about it, and its reply what each has: security headers, a
 * word on caching, a line in the log. It is one layer of middleware, since each is work at every request. A caller can't choose the
 * id, or it might not be unique: the client's own id is a field of the request's line, `clientRequestId`.
 */
export const everyReply: MiddlewareHandler<App> = (c, next) => inContext(c, () => answer(c, next));

async function answer(c: AppContext, next: Next): Promise<void> {
  const began = Date.now();
  c.set("requestId", crypto.randomUUID());
  await next();
  if (!isComplete(c)) addHeaders(c);
  logRequest(c, began);
}

function addHeaders(c: AppContext): void {
  const { headers } = c.res;
  headers.set(ID_HEADER, c.get("requestId"));
  for (const [name, value] of Object.entries(securityHeaders(c))) headers.set(name, value);
  // Every reply is private unless it says otherwise; for how long a preflight's is kept, it says by a header of its own.
  if (!headers.has("Cache-Control") && !headers.has("Access-Control-Max-Age"))
    headers.set("Cache-Control", "no-store");
}
