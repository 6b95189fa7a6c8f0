import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as z from "zod";
import { asDatabase } from "../db/session.ts";
import type { App, AppContext } from "../http/context.ts";
import { requireJson } from "../http/input.ts";
import { isSafe } from "../http/methods.ts";
import { refuseOtherOrigins } from "../http/origins.ts";
import {
  ADDRESS_POLICY,
  exhausted,
  limitAccountChanges,
  limitAccountReads,
  limitSignIns,
} from "../http/rate-limits.ts";
import { ApiError } from "../http/refusals.ts";
import { lazy } from "../lib/lazy.ts";
import { rootCause } from "../lib/log.ts";
import { cut } from "../lib/values.ts";
import type { Invites } from "./auth.ts";
import { deviceRoutes } from "./device/routes.ts";
import { boundHashing } from "./hashing.ts";
import { keyRoutes } from "./keys/routes.ts";
import { inOurWords } from "./words.ts";
import { limitPasswordChanges, limitSignInPasswords, rememberNetwork } from "./wrong-passwords.ts";

/**
 * `/api/auth/*`: those of better-auth's endpoints that this service has a use for, and `/api/auth/device` and `/api/auth/api-key`. The others (OAuth, its HTML pages,
 * password resets that nothing would mail) are not reachable.
 * @param invites what becomes of the invite that a sign-up names
 */
export function identityRoutes(invites: Invites) {
  const answer = (c: AppContext) => ask(c, invites);
  const answerSignUp = async (c: AppContext) => {
    const reply = await answer(c);
    await rememberNetwork(c);
    return reply;
  };
  return (
    new Hono<App>()
      // A sign-in, too: a page of another site must not sign its visitor in as somebody else.
      .use(async (c, next) => {
        refuseOtherOrigins(c);
        await next();
      })
      .route("/device", deviceRoutes)
      .route("/api-key", keyRoutes)
      .on("GET", ["/get-session", "/list-sessions"], limitAccountReads, answer)
      .on("POST", "/sign-up/email", limitSignIns, boundHashing, answerSignUp)
      .on("POST", "/sign-in/email", limitSignIns, boundHashing, limitSignInPasswords, answer)
      .on("POST", "/sign-out", answer)
      .on("POST", "/update-user", limitAccountChanges, answer)
      .on("POST", "/change-password", limitAccountChanges, boundHashing, limitPasswordChanges, answer)
      .on(
        "POST",
        ["/revoke-session", "/revoke-sessions", "/revoke-other-sessions"],
        limitAccountChanges,
        answer,
      )
  );
}

/** What better-auth answers to a request. */
async function ask(c: AppContext, invites: Invites): Promise<Response> {
  const { origin } = new URL(c.req.url);
  const request = await forwarded(c, origin);
  const { createAuth } = await import("./auth.ts");
  const { db } = c.var;
  let reply: Response;
  try {
    reply = await createAuth({ ...c.env, DB: asDatabase(db) }, invites, origin).handler(request);
  } catch (error) {
    throw db.fault ?? rootCause(error);
  }
  // better-auth answers some of the database's faults as the caller's mistake, and others as a success.
  if (db.fault !== undefined) throw db.fault;
  if (reply.status >= 400) throw await refusalOf(reply, c.req.path);
  return c.newResponse(reply.body, reply);
}

/** The most characters of a message of better-auth's. */
const MAX_MESSAGE = 1000;

const refusalSchema = lazy(() => z.object({ message: z.string() }));

/** A refusal of better-auth's in the shape that all refusals of the API have. */
async function refusalOf(reply: Response, path: string): Promise<Error> {
  const { data } = refusalSchema().safeParse(await reply.json().catch(() => undefined));
  // Its validation quotes what was sent.
  const message = cut(data?.message ?? "Request refused", MAX_MESSAGE);
  // A fault of its own may quote what a caller should not see.
  if (reply.status >= 500) return new Error(`better-auth answered ${reply.status}: ${message}`);
  const retryAfter = reply.headers.get("x-retry-after");
  return new ApiError(
    reply.status as ContentfulStatusCode,
    inOurWords(message, path),
    retryAfter === null ? {} : exhausted(ADDRESS_POLICY, Number(retryAfter)),
  );
}

/**
 * The request as better-auth accepts it. Over HTTP a request without a body has an empty one, which better-auth refuses as
 * not JSON: it is left out. better-auth also refuses a cookie without an Origin, which `refuseOtherOrigins` has checked
 * already.
 * @throws ApiError 415 for a body that does not say it is JSON
 */
async function forwarded(c: AppContext, origin: string): Promise<Request> {
  const headers = new Headers(c.req.raw.headers);
  if (!headers.has("origin")) headers.set("origin", origin);
  if (headers.has("content-type")) requireJson(c);
  const body = isSafe(c.req.method) ? "" : await c.req.text();
  if (body !== "") requireJson(c);
  if (body === "") headers.delete("content-type");
  return new Request(c.req.url, { method: c.req.method, headers, ...(body !== "" && { body }) });
}
