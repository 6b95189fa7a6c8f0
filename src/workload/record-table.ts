import { type Column, fields } from "../lib/csv.ts";
import type { StoredRecord } from "./stored/fragment-line.ts";
import { OPTIONAL, type StoredSlowRecord } from "./stored/slow-line.ts";

/** A record of either log. */
type Row = Omit<StoredRecord, "command" | "db"> & { command: string; db?: string | null } & Partial<
    Omit<StoredSlowRecord, keyof StoredRecord>
  >;

/**
 * Records as a table: the members of both logs' records under their names, so that files of both have the same columns. What a
 * record does not have is empty.
 */
export const RECORD_COLUMNS: readonly Column<Row>[] = fields<Row>(
  "time",
  "threadId",
  "user",
  "host",
  "db",
  "command",
  "fingerprint",
  "statement",
  "truncated",
  "log",
  "timeIs",
  "precisionMicros",
  "server",
  "durationMicros",
  "lockMicros",
  "rowsSent",
  "rowsExamined",
  "routine",
  ...OPTIONAL,
);
