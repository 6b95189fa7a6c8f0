import { app } from "./app.ts";
import { lookAfterOverdue, purgeOld } from "./cleanup/cleanup.ts";
import type { Env } from "./env.ts";

export { CaptureRunner } from "./captures/runner.ts";

/** The cron of wrangler.toml that runs daily; the other runs every minute. */
const DAILY = "17 3 * * *";

export default {
  fetch: app.fetch,
  scheduled: (controller, env) =>
    controller.cron === DAILY ? purgeOld(env, Date.now()) : lookAfterOverdue(env, Date.now()),
} satisfies ExportedHandler<Env>;
