import type { Status } from "../db/states.ts";
import type { RecordingOptions } from "./plan.ts";

/** A capture as the database has it, times in milliseconds. */
export interface CaptureRow extends Pick<RecordingOptions, "redact" | "log" | "minDurationMicros"> {
  id: number;
  name: string;
  start: number | null;
  scheduledStart: number | null;
  scheduledEnd: number | null;
  end: number | null;
  status: Status;
  envId: number;
  reason: string | null;
  /** How often what is shown has changed; see etags.ts. */
  version: number;
}

/** The columns of a `CaptureRow`, each under its own name, of a table or its alias. */
export const columns = (
  table: string,
) => `${table}.id as id, ${table}.name as name, ${table}.started_at as start,
  ${table}.scheduled_start as scheduledStart, ${table}.scheduled_end as scheduledEnd, ${table}.ended_at as "end",
  ${table}.status as status, ${table}.env_id as envId, ${table}.reason as reason, ${table}.redact as redact,
  ${table}.log as log, ${table}.min_duration_micros as minDurationMicros, ${table}.version as version`;
