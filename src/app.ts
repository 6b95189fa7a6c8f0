import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { accountRoutes } from "./account/routes.ts";
import { auditRoutes } from "./audit/routes.ts";
import { captureRoutes } from "./captures/routes.ts";
import { environmentRoutes, inviteRoutes } from "./environments/routes.ts";
import { signUpInvites } from "./environments/sign-up-invites.ts";
import { bookmarks } from "./http/bookmarks.ts";
import { type App, currentRequestId } from "./http/context.ts";
import { everyReply } from "./http/every-reply.ts";
import { healthRoutes } from "./http/health.ts";
import { KeyNotAccepted, keyRefusal } from "./http/key-refusal.ts";
import { crossOrigin } from "./http/origins.ts";
import { ApiError, MAX_BODY_BYTES, refuse } from "./http/refusals.ts";
import { RouterOfRooms } from "./http/router.ts";
import { identityRoutes } from "./identity/routes.ts";
import { changesOf } from "./leases/group-changes.ts";
import { endGraces } from "./leases/release.ts";
import { leaseRoutes, retryAfterUpdate } from "./leases/routes.ts";
import { describeError, log, nameRequests } from "./lib/log.ts";
import { isTransientFault } from "./lib/transient.ts";
import { calendarRoutes } from "./schedules/calendar/routes.ts";
import { scheduleRoutes } from "./schedules/routes.ts";
import { webhookRoutes } from "./webhooks/routes.ts";
import { findNewStatements } from "./workload/compare/new-statements.ts";
import { refuseWorkload } from "./workload/refusals.ts";
import { SealBroken } from "./workload/stored/sealed-object.ts";

nameRequests(currentRequestId);

const boundedBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw refuse.tooLarge();
  },
});

/** The whole HTTP API. */
export const app = new Hono<App>({ router: new RouterOfRooms() })
  .use(everyReply)
  .use(crossOrigin)
  .use((c, next) => (c.req.raw.body === null ? next() : boundedBody(c, next)))
  .route("/api/health", healthRoutes)
  .use(bookmarks)
  .route("/api/auth", identityRoutes(signUpInvites))
  .route("/api/account", accountRoutes)
  .route("/api/captures", captureRoutes)
  .route("/api/schedules", calendarRoutes)
  .route("/api/schedules", scheduleRoutes)
  .route("/api/environments", leaseRoutes)
  .route("/api/environments", auditRoutes)
  .route("/api/environments", webhookRoutes(findNewStatements))
  .route(
    "/api/environments",
    environmentRoutes({ afterUpdate: retryAfterUpdate, restoreNow: endGraces, changesOf }),
  )
  .route("/api/invites", inviteRoutes);

app.notFound((c) => {
  const allowed = allowedMethods(c.req.path);
  const refusal =
    allowed.length === 0
      ? new ApiError(404, "No such path")
      : new ApiError(405, `${c.req.method} is not possible here; possible: ${allowed.join(", ")}`, {
          Allow: allowed.join(", "),
        });
  return c.json(refusal.body, refusal.status, refusal.headers);
});

app.onError(async (thrown, c) => {
  const error = thrown instanceof KeyNotAccepted ? await keyRefusal(c, thrown).catch(asError) : thrown;
  if (error instanceof ApiError) return c.json(error.body, error.status, error.headers);
  if (error instanceof SealBroken) {
    log.error("workload.sealed.broken", { path: c.req.path, ...describeError(error) });
    const refusal = refuseWorkload.workloadDamaged();
    return c.json(refusal.body, refusal.status, refusal.headers);
  }
  const isTransient = isTransientFault(error);
  log.error(isTransient ? "request.unavailable" : "request.failed", {
    method: c.req.method,
    path: c.req.path,
    ...describeError(error),
  });
  const refusal = isTransient ? refuse.unavailable() : refuse.fault();
  return c.json(refusal.body, refusal.status, refusal.headers);
});

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** The methods of the routes at a path, HEAD with GET. Middleware, which is registered for all methods, does not count. */
function allowedMethods(path: string): string[] {
  const methods = new Set(app.routes.map(({ method }) => method).filter((method) => method !== "ALL"));
  const allowed = [...methods].filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
  );
  return allowed.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : method));
}
