import { app } from "./app.ts";
import { everyMinute } from "./cleanup/cron.ts";
import { everyDay } from "./cleanup/daily.ts";
import type { Env } from "./env.ts";
import { consume } from "./webhooks/queue.ts";
import { findNewStatements } from "./workload/compare/new-statements.ts";

export { CaptureRunner } from "./captures/runner.ts";
export { LogLease } from "./leases/lease.ts";

/** The cron of wrangler.toml that runs daily; the other runs every minute. */
const DAILY = "17 3 * * *";

export default {
  fetch: app.fetch,
  queue: (batch, env) => consume(batch, env, findNewStatements),
  scheduled: (controller, env) =>
    controller.cron === DAILY ? everyDay(env, Date.now()) : everyMinute(env, Date.now()),
} satisfies ExportedHandler<Env>;
