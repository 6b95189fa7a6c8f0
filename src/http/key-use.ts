import { statement } from "../db/statement.ts";
import { describeError, log } from "../lib/log.ts";
import type { AppContext } from "./context.ts";

/*
 * When keys were last used, to a day's precision: noted after the reply, and once a day for each key as far as an isolate remembers.
 */

const DAY_MS = 24 * 60 * 60 * 1000;
/** How many keys an isolate remembers to have noted. */
const MAX_NOTED = 10_000;

const NOTE = statement(
  "update apikey set last_request = :day where key = :key and (last_request is null or last_request < :day)",
);

/** The day for which each key was noted, by its hash. */
const noted = new Map<string, number>();

/** Notes that a key was used today, unless this isolate has done so. Nothing waits for it, and a failure is only logged. */
export function noteKeyUse(c: AppContext, key: string, now: number): void {
  const day = now - (now % DAY_MS);
  if (noted.get(key) === day) return;
  if (noted.size >= MAX_NOTED) noted.clear();
  noted.set(key, day);
  c.executionCtx.waitUntil(note(c.env.DB, key, day));
}

async function note(db: D1Database, key: string, day: number): Promise<void> {
  try {
    await NOTE(db, { key, day }).run();
  } catch (error) {
    noted.delete(key);
    log.warn("apikey.use.failed", describeError(error));
  }
}
