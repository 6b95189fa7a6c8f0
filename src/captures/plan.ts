import type { Status } from "../db/states.ts";
import type { CapturedLog } from "../logs/names.ts";
import type { Labels } from "./labels.ts";

/*
 * Whether a capture that was asked for can be made, and when it is to start and end. Pure: it does no I/O and is told the time.
 * All times and durations are in milliseconds.
 */

/** The states that a new capture may have. */
export const INITIAL_STATUSES = ["SCHEDULED", "STARTED", "STARTING"] as const satisfies readonly Status[];
/** A state that a new capture may have. */
export type InitialStatus = (typeof INITIAL_STATUSES)[number];

const SECOND = 1000;
const DAY = 24 * 60 * 60 * SECOND;

/** The shortest and the longest time that a capture can be told to run. */
export const MIN_DURATION_MS = 60 * SECOND;
export const MAX_DURATION_MS = 31 * DAY;
/** The longest time that statements of a slow log can be asked to have taken. */
export const MAX_THRESHOLD_MS = 60 * 60 * SECOND;
/** A scheduled start may be this late (clocks differ, requests take time) and this far ahead. */
const SCHEDULE_GRACE_MS = 60 * SECOND;
const SCHEDULE_AHEAD_MS = 366 * DAY;

/** How a workload is recorded. */
export interface RecordingOptions {
  /** What is taken out of statements before they are stored: always passwords, on request every literal. */
  redact: "secrets" | "literals";
  /** The most to record, in bytes; null for as much as the service allows. */
  maxBytes: number | null;
  /** Which logs are recorded. */
  log: CapturedLog;
  /** Of the slow log only statements that took at least so long, in microseconds; 0 where only the general log is recorded. */
  minDurationMicros: number;
}

/**
 * What a caller asked for, validated but not yet judged by the clock. `log` and `minDurationMicros` are absent where only the general
 * log is asked for, `labels` and `notes` where there are none: a request with an Idempotency-Key has the fingerprint that it had
 * before there were others.
 */
export interface CaptureRequest
  extends Omit<RecordingOptions, "log" | "minDurationMicros">,
    Partial<Pick<RecordingOptions, "log" | "minDurationMicros">> {
  name: string;
  envId: number;
  status: InitialStatus | null;
  start: number | null;
  scheduledStart: number | null;
  duration: number | null;
  labels?: Labels;
  notes?: string;
}

/** A capture about to be made. */
export interface CapturePlan extends Omit<CaptureRequest, keyof RecordingOptions>, RecordingOptions {
  status: InitialStatus;
  scheduledEnd: number | null;
}

/** Why a capture that was asked for can't be made. */
export type PlanRefusal =
  | "duration-too-short"
  | "duration-too-long"
  | "no-scheduled-start"
  | "scheduled-but-started"
  | "scheduled-in-the-past"
  | "scheduled-too-far-ahead"
  | "scheduled-but-another-status"
  | "start-in-the-future";

/** Judges a request for a capture: what to make, or why that can't be made. */
export function planCapture(request: CaptureRequest, now: number): CapturePlan | { refused: PlanRefusal } {
  const { start, scheduledStart, duration } = request;
  const status = request.status ?? (scheduledStart === null ? "STARTED" : "SCHEDULED");
  const refused = durationRefusal(duration) ?? startRefusal({ status, start, scheduledStart }, now);
  if (refused !== null) return { refused };
  const from = scheduledStart ?? start ?? now;
  const { log = "general", minDurationMicros = 0 } = request;
  const scheduledEnd = duration === null ? null : from + duration;
  return { ...request, log, minDurationMicros, status, scheduledEnd };
}

/** Why a capture can't run for so long; null when it can, or runs until it is stopped. */
export function durationRefusal(duration: number | null): "duration-too-short" | "duration-too-long" | null {
  if (duration === null) return null;
  if (duration < MIN_DURATION_MS) return "duration-too-short";
  return duration > MAX_DURATION_MS ? "duration-too-long" : null;
}

function startRefusal(
  { status, start, scheduledStart }: Pick<CapturePlan, "status" | "start" | "scheduledStart">,
  now: number,
): PlanRefusal | null {
  if (status === "SCHEDULED") {
    if (scheduledStart === null) return "no-scheduled-start";
    if (start !== null) return "scheduled-but-started";
    return scheduledStartRefusal(scheduledStart, now);
  }
  if (scheduledStart !== null) return "scheduled-but-another-status";
  return start !== null && start > now ? "start-in-the-future" : null;
}

/** Why a capture can't be scheduled for a time; null when it can. */
export function scheduledStartRefusal(
  scheduledStart: number,
  now: number,
): "scheduled-in-the-past" | "scheduled-too-far-ahead" | null {
  if (scheduledStart < now - SCHEDULE_GRACE_MS) return "scheduled-in-the-past";
  return scheduledStart > now + SCHEDULE_AHEAD_MS ? "scheduled-too-far-ahead" : null;
}
