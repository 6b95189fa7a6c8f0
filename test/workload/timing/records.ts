import type { SlowRecord } from "../../../src/logs/slow/record.ts";

/** A record of the slow log. */
export const slowRecord = (
  statement: string,
  durationMicros: number,
  rest: Partial<SlowRecord> = {},
): SlowRecord => ({
  timeMicros: 1_000_000,
  precisionMicros: 1,
  threadId: 1,
  user: "app",
  host: "10.0.0.7",
  db: "shop",
  command: "Query",
  statement,
  truncated: false,
  durationMicros,
  lockMicros: 2,
  rowsSent: 1,
  rowsExamined: 10,
  server: "mysql",
  start: 0,
  end: 0,
  ...rest,
});

/** What a point of a series says of times where they are not known. */
export const UNTIMED = {
  timed: null,
  totalMicros: null,
  p50Micros: null,
  p95Micros: null,
  p99Micros: null,
  rowsExamined: null,
  errors: null,
};
