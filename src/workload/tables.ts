import { type Column, fields } from "../lib/csv.ts";
import type { WorkloadDigest, WorkloadSeries, WorkloadSpan } from "./replies.ts";

/*
 * The tables of a workload as CSV: a column for each field of the JSON that is a number or a text, under its name.
 */

/** Statements. */
export const DIGEST_COLUMNS: readonly Column<WorkloadDigest>[] = fields<WorkloadDigest>(
  "fingerprint",
  "count",
  "overcount",
  "share",
  "firstSeen",
  "lastSeen",
  "calls",
  "overcalls",
  "totalMicros",
  "overTotalMicros",
  "meanMicros",
  "minMicros",
  "maxMicros",
  "p50Micros",
  "p95Micros",
  "p99Micros",
  "timeShare",
  "timedShare",
  "lockMicros",
  "rowsExamined",
  "rowsSent",
  "errors",
  "digest",
  "example",
);

/** Steps of time. */
export const SERIES_COLUMNS: readonly Column<WorkloadSeries["points"][number]>[] = fields<
  WorkloadSeries["points"][number]
>(
  "time",
  "statements",
  "timed",
  "totalMicros",
  "p50Micros",
  "p95Micros",
  "p99Micros",
  "rowsExamined",
  "errors",
);

/** Statements in a part of the time. */
export const SPAN_COLUMNS: readonly Column<WorkloadSpan["statements"][number]>[] = fields<
  WorkloadSpan["statements"][number]
>(
  "fingerprint",
  "since",
  "statements",
  "timed",
  "totalMicros",
  "p50Micros",
  "p95Micros",
  "p99Micros",
  "rowsExamined",
  "errors",
);
