import { type Pauses, retryDelay, SECONDS_TO_A_MINUTE } from "../lib/retry.ts";

/* How often and for how long what a capture needs is retried. All durations are in milliseconds. */

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** How long a start is retried after AWS throttled, failed or did not answer. */
export const START_RETRY_MS = 10 * MINUTE;

/** The longest pause between two attempts of a start or of a reading. An alarm further ahead than this is not a retry. */
export const MAX_RETRY_MS = SECONDS_TO_A_MINUTE.longest;

/** How often cron wakes a capture that is late before it fails it: about half an hour. */
export const MAX_REARMS = 30;

/** Metrics are archived for as long as CloudWatch has any: a day may pass between two attempts. */
const ARCHIVE_PAUSES: Pauses = { first: 5 * MINUTE, longest: DAY };

/** How long to wait after an attempt to archive metrics; see `retryDelay`. */
export const archiveRetryDelay = (attempt: number, random: number): number =>
  retryDelay(attempt, random, ARCHIVE_PAUSES);
