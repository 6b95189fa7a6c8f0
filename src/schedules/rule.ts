import type { Cron } from "cron-schedule";

/** A rule, as local times: it knows nothing of time zones. */
export interface Rule {
  /** The minutes, hours, days and months, read by cron-schedule. */
  cron: Cron;
  /** Which of its days count, where a cron expression can't say it; null for all. The day is as in UTC. */
  isDay: ((day: Date) => boolean) | null;
}

/** A rule can't be read. The message says why, for the person who wrote it. */
export class RuleError extends Error {
  override readonly name = "RuleError";
}
