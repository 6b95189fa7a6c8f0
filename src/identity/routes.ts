import { Hono } from "hono";
import type { App } from "../http/context.ts";
import { refuseOtherOrigins } from "../http/origins.ts";
import { accountRoutes } from "./accounts/routes.ts";
import { deviceRoutes } from "./device/routes.ts";
import type { Invites } from "./invites.ts";
import { keyRoutes } from "./keys/routes.ts";
import { linkRoutes } from "./links/routes.ts";
import { sessionRoutes } from "./sessions/routes.ts";
import { signOnRoutes, waysRoute } from "./sign-on/routes.ts";

/**
 * `/api/auth/*`: who somebody is, and by what they sign in.
 * @param invites what becomes of the invite that a sign-up names
 */
export function identityRoutes(invites: Invites) {
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
      .route("/", accountRoutes(invites))
      .route("/", sessionRoutes)
  );
}
