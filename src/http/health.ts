import { Hono } from "hono";
import { describeError, log } from "../lib/log.ts";
import { within } from "../lib/time-limit.ts";
import type { App } from "./context.ts";
import type { Health } from "./replies.ts";

/** How long D1 may take to answer. */
const TIMEOUT_MS = 2000;

/**
 * `/api/health`: whether the service can do its work, for load balancers and monitors. It asks D1, and nothing of the caller.
 */
export const healthRoutes = new Hono<App>().get("/", async (c) => {
  try {
    await within(TIMEOUT_MS, "D1", c.env.DB.prepare("select 1").first());
    return c.json({ status: "ok", database: "ok" } satisfies Health);
  } catch (error) {
    log.error("health.database.failed", describeError(error));
    return c.json({ status: "unavailable", database: "unavailable" } satisfies Health, 503);
  }
});
