import { Hono } from "hono";
import type { App } from "./http.ts";
import { describeError, log } from "./log.ts";

/** How long D1 may take to answer. */
const TIMEOUT_MS = 2000;

/** `/api/health`: whether the service can do its work, for load balancers and monitors. It asks D1, and nothing of the caller. */
export const healthRoutes = new Hono<App>().get("/", async (c) => {
  try {
    await answerOf(c.env.DB);
    return c.json({ status: "ok", database: "ok" });
  } catch (error) {
    log.error("health.database.failed", describeError(error));
    return c.json({ status: "unavailable", database: "unavailable" }, 503);
  }
});

/** Waits for the smallest answer of a database, for a while. */
async function answerOf(db: D1Database): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`D1 did not answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  try {
    await Promise.race([db.prepare("select 1").first(), late]);
  } finally {
    clearTimeout(timer);
  }
}
