import { type Pauses, retryDelay, SECONDS_TO_A_MINUTE } from "../lib/retry.ts";

/* How often and for how long what a capture needs is retried. All durations are in milliseconds. */

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** How long a start is retried after AWS throttled, failed or did not answer. */
export const START_RETRY_MS = 10 * MINUTE;

/**
 * The longest pause between two attempts of a start or of a reading. Cron leaves a late runner alone if it has an alarm within this
 * time. That alarm need not be the retry: each alarm, whatever it was set for, does what the capture calls for.
 */
export const MAX_RETRY_MS = SECONDS_TO_A_MINUTE.longest;

/** How often cron wakes a capture that is late before it fails it: about half an hour. */
export const MAX_REARMS = 30;

/**
 * Archiving is retried until CloudWatch has forgotten all of the capture, 455 days after its end (metrics/retention.ts), or the
 * capture or its environment is deleted. So the pauses grow, or AWS would be asked in vain for all that time. A day at most, since
 * CloudWatch keeps the finest points for 15 days: what AWS refuses for less than two weeks is archived before they are gone.
 */
const ARCHIVE_PAUSES: Pauses = { first: 5 * MINUTE, longest: DAY };

/** How long to wait after an attempt to archive metrics; see `retryDelay`. */
export const archiveRetryDelay = (attempt: number, random: number): number =>
  retryDelay(attempt, random, ARCHIVE_PAUSES);
