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
import { byPassword } from "./by-password.ts";
import { deviceRoutes } from "./device/routes.ts";
import { boundHashing } from "./hashing.ts";
import { keyRoutes } from "./keys/routes.ts";
import { linkRoutes, mailAfterSignUp } from "./links/routes.ts";
import { namedAddress } from "./named-address.ts";
import { signOnRoutes, waysRoute } from "./sign-on/routes.ts";
import { inOurWords } from "./words.ts";
import { limitPasswordChanges, limitSignInPasswords, rememberNetwork } from "./wrong-passwords.ts";

/**
 * `/api/auth/*`: those of better-auth's endpoints that this service has a use for, and this service's own: `/api/auth/device`,
 * `/api/auth/api-key`, `/api/auth/sign-on`, `/api/auth/ways`, and the ways back into an account. The others (OAuth, its HTML pages)
 * are not reachable.
 * @param invites what becomes of the invite that a sign-up names
 */
export function identityRoutes(invites: Invites) {
  const answer = (c: AppContext) => ask(c, invites);
  const answerSignUp = (c: AppContext) => signUp(c, invites);
  return (
    new Hono<App>()
      // A sign-in, too: a page of another site must not sign its visitor in as somebody else.
      .use(async (c, next) => {
        refuseOtherOrigins(c);
        await next();
      })
      .route("/device", deviceRoutes)
      .route("/api-key", keyRoutes)
      .route("/sign-on", signOnRoutes(invites))
      .get("/ways", waysRoute)
      .route("/", linkRoutes)
      .on("GET", ["/get-session", "/list-sessions"], limitAccountReads, answer)
      .on("POST", "/sign-up/email", byPassword, limitSignIns, boundHashing, answerSignUp)
      .on("POST", "/sign-in/email", byPassword, limitSignIns, boundHashing, limitSignInPasswords, answer)
      .on("POST", "/sign-out", answer)
      .on("POST", "/update-user", limitAccountChanges, answer)
      .on(
        "POST",
        "/change-password",
        byPassword,
        limitAccountChanges,
        boundHashing,
        limitPasswordChanges,
        answer,
      )
      .on(
        "POST",
        ["/revoke-session", "/revoke-sessions", "/revoke-other-sessions"],
        limitAccountChanges,
        answer,
      )
  );
}

/** better-auth, for a request. */
async function authOf(c: AppContext, invites: Invites) {
  const { createAuth } = await import("./auth.ts");
  return createAuth({ ...c.env, DB: asDatabase(c.var.db) }, invites, new URL(c.req.url).origin);
}

/** What better-auth answers to a sign-up. Whoever owns the address is mailed, also where there is an account with it already. */
async function signUp(c: AppContext, invites: Invites): Promise<Response> {
  const tell = async (isNew: boolean) => {
    const email = await namedAddress(c);
    if (email !== null) mailAfterSignUp(c, email, isNew);
  };
  try {
    const reply = await ask(c, invites);
    await rememberNetwork(c);
    await tell(true);
    return reply;
  } catch (error) {
    if (error instanceof ApiError && error.status === 422) await tell(false);
    throw error;
  }
}

/** What better-auth answers to a request. */
async function ask(c: AppContext, invites: Invites): Promise<Response> {
  const request = await forwarded(c, new URL(c.req.url).origin);
  const { db } = c.var;
  let reply: Response;
  try {
    const auth = await authOf(c, invites);
    reply = await auth.handler(request);
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
