import type { RecordingOptions } from "../captures/plan.ts";
import type { Recurrence } from "./recurrence.ts";

/** What people say of a schedule, as the database has it; times in milliseconds. */
export interface ScheduleFields extends Omit<Recurrence, "createdAt">, RecordingOptions {
  name: string;
  captureName: string;
  duration: number;
  /** In JSON: see captures/labels.ts. */
  labels: string;
  notes: string | null;
  compares: 0 | 1;
  keepLast: number | null;
}

/** A schedule as the database has it, times in milliseconds. */
export interface ScheduleRow extends ScheduleFields {
  id: number;
  envId: number;
  ownerId: string;
  /** Null when the account is gone. */
  ownerName: string | null;
  /** How many captures were made of it. */
  number: number;
  /** The next occurrence that has no capture yet; null while it is paused, and when there is none. */
  nextAt: number | null;
  /** The last occurrence of its rule, once there is no next one; null before, and where it is not known. */
  lastAt: number | null;
  pausedAt: number | null;
  problem: string | null;
  version: number;
  createdAt: number;
  updatedAt: number;
}

/** The columns of a `ScheduleRow` of schedules `s`, each under its own name, but for the owner's name. */
export const COLUMNS = `s.id as id, s.env_id as envId, s.owner_id as ownerId, s.name as name, s.cron as cron, s.rrule as rrule,
  s.time_zone as timeZone, s.start as start, s.capture_name as captureName, s.duration as duration, s.redact as redact, s.log as log,
  s.min_duration_micros as minDurationMicros, s.max_bytes as maxBytes, s.labels as labels, s.notes as notes,
  s.compares as compares, s.keep_last as keepLast, s.number as number, s.next_at as nextAt, s.last_at as lastAt, s.paused_at as pausedAt,
  s.problem as problem, s.version as version, s.created_at as createdAt, s.updated_at as updatedAt`;

/** The name of the owner of schedules `s`, whatever else is joined. */
export const OWNER_NAME = "(select name from user where id = s.owner_id) as ownerName";

/** What a schedule can be: it makes captures, it is paused, or its last occurrence has been. */
export const SCHEDULE_STATES = ["active", "paused", "over"] as const;
/** One of these. */
export type ScheduleState = (typeof SCHEDULE_STATES)[number];

/** The state of a schedule. */
export function stateOf(
  { pausedAt, nextAt, lastAt }: Pick<ScheduleRow, "pausedAt" | "nextAt" | "lastAt">,
  now: number,
): ScheduleState {
  if (pausedAt !== null) return "paused";
  return nextAt === null && (lastAt ?? 0) <= now ? "over" : "active";
}
