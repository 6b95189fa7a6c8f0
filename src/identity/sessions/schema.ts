import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";

/** The body of POST /api/auth/revoke-session. */
export const revokeSessionSchema = lazy(() =>
  z.object({ token: z.string() }).meta({ id: "SessionToken", description: "A session, by its token." }),
);

/** The body of an operation that needs none: an object, if there is one. */
export const nothingSchema = lazy(() => z.object({}));
