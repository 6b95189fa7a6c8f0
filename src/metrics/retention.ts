/* What CloudWatch keeps, for how long, and how soon it has it. Times in milliseconds, periods in seconds. */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** How long CloudWatch keeps any points. */
export const KEPT_AT_MOST_MS = 455 * DAY_MS;
/** How long CloudWatch keeps points of a period: CloudWatch User Guide, "Metrics retention". */
export const RETENTION = [
  { period: 60, keptMs: 15 * DAY_MS },
  { period: 300, keptMs: 63 * DAY_MS },
  { period: 3600, keptMs: KEPT_AT_MOST_MS },
] as const;
/** By when a point is published: RDS does so within a minute, or a few, of the end of its minute. */
export const PUBLISHED_WITHIN_MS = 5 * MINUTE_MS;

/** The period of the finest points that CloudWatch still has of a time, and will have when it is asked. */
export const finestAt =
  (now: number) =>
  (time: number): number =>
    RETENTION.find(({ keptMs }) => now + MINUTE_MS - time < keptMs)?.period ?? 3600;
