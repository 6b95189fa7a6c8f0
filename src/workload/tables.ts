import { type Column, fields } from "../lib/csv.ts";
import type {
  WorkloadDigest,
  WorkloadGroups,
  WorkloadSeries,
  WorkloadSpan,
  WorkloadTables,
} from "./replies.ts";

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
).concat([
  ["reads", ({ tables }) => tables.reads.join(" ")],
  ["writes", ({ tables }) => tables.writes.join(" ")],
]);

const TIMES = [
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
  "lockMicros",
  "rowsExamined",
  "rowsSent",
  "errors",
] as const;

/** Groups by user, host, or the values of a tag. */
export const GROUP_COLUMNS: readonly Column<Named<WorkloadGroups["groups"][number]>>[] = fields<
  Named<WorkloadGroups["groups"][number]>
>("name", "statements", "overcount", "share", ...TIMES);

/** Groups by table. */
export const TABLE_COLUMNS: readonly Column<Named<WorkloadTables["groups"][number]>>[] = fields<
  Named<WorkloadTables["groups"][number]>
>("name", "statements", "overcount", "share", "digests", "reads", "writes", ...TIMES);

/** A group in a row, whose name may be none. */
type Named<Group> = Omit<Group, "name"> & { name: string | null };

/** The rows of groups: all that are not told apart are the last one. */
export const withOthers = <Group extends { name: string | null }>({
  groups,
  others,
}: {
  groups: readonly Group[];
  others: Named<Group> | null;
}): Named<Group>[] => (others === null ? [...groups] : [...groups, { ...others, name: "(others)" }]);

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
