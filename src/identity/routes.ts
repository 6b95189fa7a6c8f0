import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Env } from "../env.ts";
import { ApiError } from "../errors.ts";

/** `/api/auth/*`: better-auth's own endpoints (sign-up, sign-in, sign-out, sessions, API keys). */
export const identityRoutes = new Hono<{ Bindings: Env }>().on(["GET", "POST"], "/*", async (c) => {
  const { createAuth } = await import("./auth.ts");
  const { origin } = new URL(c.req.url);
  const reply = await createAuth(c.env, origin).handler(withOrigin(c.req.raw, origin));
  // better-auth answers some refusals, an unknown path among them, without a body.
  if (reply.status >= 400 && !reply.headers.get("content-type")?.includes("json")) {
    throw new ApiError(
      reply.status as ContentfulStatusCode,
      reply.status === 404 ? "No such path" : "Request refused",
    );
  }
  return reply;
});

/**
 * better-auth refuses a cookie without an Origin, against forged requests of other sites. A browser always says which site a
 * POST comes from; a program that says nothing, such as curl, is no browser that could be misled.
 */
function withOrigin(request: Request, origin: string): Request {
  if (request.headers.has("origin") || request.headers.has("sec-fetch-site")) return request;
  const headers = new Headers(request.headers);
  headers.set("origin", origin);
  return new Request(request, { headers });
}
