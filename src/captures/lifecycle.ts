import type { Status } from "../db/states.ts";
import { ApiError, refuse } from "../http/refusals.ts";
import { PUBLISHED_WITHIN_MS } from "../metrics/retention.ts";

/*
 * The life of a capture: its states, the legal moves between them, and what has to happen next. Pure: it does no I/O and is
 * told the time. All times and durations are in milliseconds.
 *
 *   SCHEDULED -> STARTED -> STARTING -> RUNNING -> STOPPING -> DONE, and FAILED from any of them but DONE
 */

/** The states that a new capture may have. */
export const INITIAL_STATUSES = ["SCHEDULED", "STARTED", "STARTING"] as const satisfies readonly Status[];
/** A state that a new capture may have. */
export type InitialStatus = (typeof INITIAL_STATUSES)[number];

const MOVES: Record<Status, readonly Status[]> = {
  SCHEDULED: ["STARTED", "FAILED"],
  STARTED: ["STARTING", "FAILED"],
  STARTING: ["RUNNING", "FAILED"],
  RUNNING: ["STOPPING", "FAILED"],
  STOPPING: ["DONE", "FAILED"],
  DONE: [],
  FAILED: [],
};

/** Whether a capture may go from one state to the other. */
export function canMove(from: Status, to: Status): boolean {
  return MOVES[from].includes(to);
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** The shortest and the longest time that a capture can be told to run. */
export const MIN_DURATION_MS = 60 * SECOND;
export const MAX_DURATION_MS = 31 * DAY;
/** A scheduled start may be this late (clocks differ, requests take time) and this far ahead. */
const SCHEDULE_GRACE_MS = 60 * SECOND;
const SCHEDULE_AHEAD_MS = 366 * DAY;
/** How long a start is tried again after AWS throttled, failed or did not answer. */
export const START_RETRY_MS = 10 * MINUTE;
/** A move that is late by this much is looked after by cron. */
const OVERDUE_MS = 5 * SECOND;
/**
 * How long a running capture goes without a sign of life from its runner before cron looks after it. The log keeps for hours
 * what a lost alarm leaves unread for that long.
 */
const HEARTBEAT_MS = 3 * MINUTE;
/** How often cron wakes a capture that does not move before it gives the capture up: about half an hour. */
export const MAX_REARMS = 30;

/** How a workload is recorded. */
export interface RecordingOptions {
  /** What is taken out of statements before they are stored: always passwords, on request every literal. */
  redact: "secrets" | "literals";
  /** The most to record, in bytes; null for as much as the service allows. */
  maxBytes: number | null;
}

/** What a caller asked for, validated but not yet judged by the clock. */
export interface CaptureRequest extends RecordingOptions {
  name: string;
  envId: number;
  status: InitialStatus | null;
  start: number | null;
  scheduledStart: number | null;
  duration: number | null;
}

/** A capture about to be made. */
export interface CapturePlan extends RecordingOptions {
  name: string;
  envId: number;
  status: InitialStatus;
  start: number | null;
  scheduledStart: number | null;
  scheduledEnd: number | null;
  duration: number | null;
}

/** Judges a request for a capture: what to make, or the 400 for what can't be. */
export function planCapture(request: CaptureRequest, now: number): CapturePlan | ApiError {
  const { name, envId, start, scheduledStart, duration, redact, maxBytes } = request;
  if (duration !== null && duration < MIN_DURATION_MS) return refuse.durationTooShort();
  if (duration !== null && duration > MAX_DURATION_MS) {
    return new ApiError(400, `duration: must be at most ${MAX_DURATION_MS / SECOND} seconds (31 days)`);
  }
  const status = request.status ?? (scheduledStart === null ? "STARTED" : "SCHEDULED");
  if (status === "SCHEDULED") {
    if (scheduledStart === null) return refuse.noScheduledStart();
    if (start !== null) return new ApiError(400, "start: a scheduled capture can't have started already");
    if (scheduledStart < now - SCHEDULE_GRACE_MS) return new ApiError(400, "scheduledStart: is in the past");
    if (scheduledStart > now + SCHEDULE_AHEAD_MS) {
      return new ApiError(400, "scheduledStart: is more than a year ahead");
    }
  } else if (scheduledStart !== null) {
    return new ApiError(
      400,
      `scheduledStart: a capture with a scheduled start has the status SCHEDULED, not ${status}`,
    );
  }
  if (start !== null && start > now) return new ApiError(400, "start: is in the future; use scheduledStart");
  const from = scheduledStart ?? start ?? now;
  return {
    name,
    envId,
    status,
    start,
    scheduledStart,
    duration,
    scheduledEnd: duration === null ? null : from + duration,
    redact,
    maxBytes,
  };
}

/** As much of a capture as decides what happens next. */
export interface CaptureState {
  status: Status;
  start: number | null;
  scheduledStart: number | null;
  scheduledEnd: number | null;
  duration: number | null;
  /** When cron looks after it; of a capture that has ended: when its metrics are to be archived, null when they need not be. */
  dueAt?: number | null;
}

/** A move, and what changes with it. Absent fields stay as they are. */
export interface Move {
  from: Status;
  to: Status;
  start?: number;
  end?: number;
  scheduledEnd?: number;
  reason?: string;
}

/**
 * What has to happen next: a move, a start, waiting, collecting the workload until the end (for ever when `until` is null),
 * storing the rest of it, storing the metrics, or nothing any more.
 */
export type Step =
  | { do: "move"; move: Move }
  | { do: "start" }
  | { do: "wait"; until: number }
  | { do: "collect"; until: number | null }
  | { do: "finish" }
  | { do: "archive" }
  | { do: "rest" };

/** Decides what a capture needs now. */
export function nextStep(capture: CaptureState, now: number): Step {
  const { status, scheduledStart, scheduledEnd } = capture;
  switch (status) {
    case "SCHEDULED":
      if (scheduledStart !== null && now < scheduledStart) return { do: "wait", until: scheduledStart };
      if (missed(capture, now)) return { do: "move", move: fail(status, MISSED) };
      return { do: "move", move: { from: status, to: "STARTED" } };
    case "STARTED":
      return { do: "move", move: { from: status, to: "STARTING" } };
    case "STARTING":
      return missed(capture, now) ? { do: "move", move: fail(status, MISSED) } : { do: "start" };
    case "RUNNING":
      if (scheduledEnd === null || now < scheduledEnd) return { do: "collect", until: scheduledEnd };
      // The end that was promised, however late this runs.
      return { do: "move", move: { from: status, to: "STOPPING", end: scheduledEnd } };
    case "STOPPING":
      return { do: "finish" };
    case "DONE":
    case "FAILED": {
      if (capture.dueAt == null) return { do: "rest" };
      const at = capture.dueAt - OVERDUE_MS;
      return now < at ? { do: "wait", until: at } : { do: "archive" };
    }
  }
}

const MISSED = "Its scheduled end passed before it could start";

/** Whether a scheduled capture has nothing left to record. A back-dated one has: what the past still holds. */
function missed({ scheduledStart, scheduledEnd }: CaptureState, now: number): boolean {
  return scheduledStart !== null && scheduledEnd !== null && now >= scheduledEnd;
}

/** The move that ends a capture early, because it has recorded as much as it may. */
export function stopAtLimit(maxBytes: number, now: number): Move {
  const reason = `It recorded as much as it may, ${maxBytes} bytes, and was ended early`;
  return { from: "RUNNING", to: "STOPPING", end: now, reason };
}

/**
 * The move to DONE, once the workload is stored.
 * @param capture with the reason why it was ended early, if it was
 * @param missing why the end of its log is missing; null when it is not
 */
export function finish({ reason }: { reason: string | null }, missing: string | null): Move {
  const move: Move = { from: "STOPPING", to: "DONE" };
  if (missing === null) return move;
  return {
    ...move,
    reason: `${reason === null ? "" : `${reason}. `}The end of its log is missing. ${missing}`,
  };
}

/** The move to FAILED, with a reason a person can act on. */
export function fail(from: Status, reason: string): Move {
  return { from, to: "FAILED", reason };
}

/**
 * The move to RUNNING. A capture that was not scheduled or back-dated starts now, and its duration counts from now; the
 * others keep the start they were given, or the end they were scheduled for; if that has passed meanwhile, to FAILED.
 */
export function run(capture: CaptureState, now: number): Move {
  // AWS may have taken long to answer; no capture starts after its end.
  if (missed(capture, now)) return fail("STARTING", MISSED);
  const move: Move = { from: "STARTING", to: "RUNNING" };
  if (capture.start !== null) return move;
  if (capture.duration === null || capture.scheduledStart !== null) return { ...move, start: now };
  return { ...move, start: now, scheduledEnd: now + capture.duration };
}

/**
 * Why a capture in this state can't be stopped: the specification's three answers.
 * @returns null when it can.
 */
export function stopRefusal(status: Status): ApiError | null {
  switch (status) {
    case "RUNNING":
      return null;
    case "STOPPING":
    case "DONE":
      return refuse.alreadyStopped();
    case "FAILED":
      return refuse.alreadyFailed();
    default:
      return refuse.notStartedYet();
  }
}

/** How long after a capture has ended its metrics are archived: its last minute may just have begun. */
const ARCHIVE_AFTER_MS = PUBLISHED_WITHIN_MS + MINUTE;

/** When cron should look after the metrics of a capture that are to be archived at `at`. */
export function archiveDueAt(at: number): number {
  return at + OVERDUE_MS;
}

/** When cron should look after a capture that has come to this state at `now` and not left it, nor shown that it lives. */
export function dueAt(
  status: Status,
  capture: Pick<CaptureState, "scheduledStart" | "scheduledEnd">,
  now: number,
): number {
  switch (status) {
    case "SCHEDULED":
      return (capture.scheduledStart ?? now) + OVERDUE_MS;
    case "RUNNING":
      return Math.min(now + HEARTBEAT_MS, capture.scheduledEnd ?? Number.POSITIVE_INFINITY) + OVERDUE_MS;
    case "STARTED":
    case "STARTING":
    case "STOPPING":
      return now + OVERDUE_MS;
    case "DONE":
    case "FAILED":
      return archiveDueAt(now + ARCHIVE_AFTER_MS);
  }
}

/**
 * The sign of life of a capture that is running, or stopping for long: when cron should look after it now. Only when half of the
 * time that it has is over, so that it is written once for several readings of the log.
 * @returns null while what is written is good enough
 */
export function heartbeat(
  capture: Pick<CaptureState, "status" | "scheduledStart" | "scheduledEnd" | "dueAt">,
  now: number,
): number | null {
  const scheduledEnd = capture.status === "RUNNING" ? capture.scheduledEnd : null;
  const due = dueAt("RUNNING", { ...capture, scheduledEnd }, now);
  const isFresh = capture.dueAt != null && capture.dueAt >= now + HEARTBEAT_MS / 2;
  return isFresh || capture.dueAt === due ? null : due;
}

const FIRST_ARCHIVE_RETRY_MS = 5 * MINUTE;

/** How long to wait after an attempt to archive metrics: as `retryDelay`, but five minutes at first and a day at most. */
export function archiveRetryDelay(attempt: number, random: number): number {
  return equalJitter(Math.min(DAY, FIRST_ARCHIVE_RETRY_MS * 2 ** (attempt - 1)), random);
}

const FIRST_RETRY_MS = SECOND;
/** The longest pause between two attempts. An alarm further ahead than this is not a retry. */
export const MAX_RETRY_MS = 60 * SECOND;

/**
 * How long to wait before trying again: twice as long each time up to a minute, half of it at random so that captures that
 * failed together do not come back together ("equal jitter", AWS Architecture Blog, "Exponential Backoff And Jitter").
 * @param attempt how many attempts have failed, from 1
 * @param random a number from 0 to 1
 */
export function retryDelay(attempt: number, random: number): number {
  return equalJitter(Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1)), random);
}

const equalJitter = (ceiling: number, random: number): number =>
  Math.round(ceiling / 2 + (ceiling / 2) * random);
