import { hasEnded, STATUSES, type Status } from "../db/states.ts";
import type { ClusterRole } from "../environments/cluster-role.ts";
import { PUBLISHED_WITHIN_MS } from "../metrics/retention.ts";

/*
 * The life of a capture: the transitions between its states (see db/states.ts), and what has to happen next. Pure: it does no I/O
 * and is told the time. All times and durations are in milliseconds. For what it does not allow it returns a reason; refusals.ts
 * says how that is answered.
 */

/** What makes a capture go from one state to another: its own progress, a failure, or a person who stops, cancels or deletes it. */
export type Cause = "progress" | "failure" | "stop" | "cancellation" | "deletion";

/**
 * Every transition that there is: for each state, where each cause leads. What is absent does not happen: a cause of no transition
 * leaves the state as it is (a deletion) or is refused (a stop, a cancellation). SQL's conditions are made of this table too (see
 * sql.ts). A cancelled capture is FAILED, as a deleted one is that has not run: DONE says that there is a recording, and a state of
 * its own is not one that the specification's clients know.
 */
export const TRANSITIONS: Readonly<Record<Status, Readonly<Partial<Record<Cause, Status>>>>> = {
  SCHEDULED: { progress: "STARTED", failure: "FAILED", cancellation: "FAILED", deletion: "FAILED" },
  STARTED: { progress: "STARTING", failure: "FAILED", cancellation: "FAILED", deletion: "FAILED" },
  STARTING: { progress: "RUNNING", failure: "FAILED", cancellation: "FAILED", deletion: "FAILED" },
  RUNNING: { progress: "STOPPING", failure: "FAILED", stop: "STOPPING", deletion: "STOPPING" },
  STOPPING: { progress: "DONE", failure: "FAILED" },
  DONE: {},
  FAILED: {},
};

/** Whether a capture may go from one state to the other. */
export function isTransition(from: Status, to: Status): boolean {
  return Object.values(TRANSITIONS[from]).includes(to);
}

/** The states that a cause has a transition from. */
export const statesThatAllow = (cause: Cause): Status[] =>
  STATUSES.filter((status) => TRANSITIONS[status][cause] !== undefined);

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A transition that is late by this much is looked after by cron. */
export const OVERDUE_MS = 5 * SECOND;
/**
 * How long a running capture goes without a heartbeat of its runner before cron looks after it. Nothing is lost meanwhile: RDS
 * keeps the log for hours.
 */
const HEARTBEAT_MS = 3 * MINUTE;

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

/** A transition, and what changes with it. Absent fields stay as they are. */
export interface Transition {
  from: Status;
  to: Status;
  start?: number;
  end?: number;
  scheduledEnd?: number;
  reason?: string;
  /** Of one to RUNNING: what the instance is in its cluster then. */
  clusterRole?: ClusterRole;
}

/**
 * What has to happen next: a transition, a start, waiting, collecting the workload until the end (for ever when `until` is null),
 * storing the rest of it, archiving the metrics, or nothing any more.
 */
export type Step =
  | { do: "transition"; transition: Transition }
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
      if (missed(capture, now)) return { do: "transition", transition: fail(status, MISSED) };
      return { do: "transition", transition: { from: status, to: "STARTED" } };
    case "STARTED":
      return { do: "transition", transition: { from: status, to: "STARTING" } };
    case "STARTING":
      return missed(capture, now) ? { do: "transition", transition: fail(status, MISSED) } : { do: "start" };
    case "RUNNING":
      if (scheduledEnd === null || now < scheduledEnd) return { do: "collect", until: scheduledEnd };
      // The scheduled end, however late this runs.
      return { do: "transition", transition: { from: status, to: "STOPPING", end: scheduledEnd } };
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

/** The transition that ends a capture early, because it has recorded as much as it may. */
export function stopAtLimit(maxBytes: number, now: number): Transition {
  const reason = `It recorded as much as it may, ${maxBytes} bytes, and was ended early`;
  return { from: "RUNNING", to: "STOPPING", end: now, reason };
}

/** Why a capture is ended early, or does not start: its environment has recorded so many bytes in this month. */
export const monthlyLimitReached = (maxBytes: number): string =>
  `Its environment has recorded as much as it may in a month, ${maxBytes} bytes`;

/** The transition that ends a capture early, because its environment has recorded as much as it may in a month. */
export const stopAtMonthlyLimit = (maxBytes: number, now: number): Transition => ({
  from: "RUNNING",
  to: "STOPPING",
  end: now,
  reason: `${monthlyLimitReached(maxBytes)}, and it was ended early`,
});

/**
 * The transition to DONE, once the workload is stored.
 * @param capture with the reason why it was ended early, if it was
 * @param missing why the end of its log is missing; null when it is not
 */
export function finish({ reason }: { reason: string | null }, missing: string | null): Transition {
  const transition: Transition = { from: "STOPPING", to: "DONE" };
  if (missing === null) return transition;
  return {
    ...transition,
    reason: `${reason === null ? "" : `${reason}. `}The end of its log is missing. ${missing}`,
  };
}

/** The transition to FAILED, with a reason a person can act on. */
export function fail(from: Status, reason: string): Transition {
  return { from, to: "FAILED", reason };
}

/**
 * The transition to RUNNING. A capture that was not scheduled or back-dated starts now, and its duration counts from now; the
 * others keep the start they were given, or the end they were scheduled for; if that has passed meanwhile, to FAILED.
 */
export function run(capture: CaptureState, now: number): Transition {
  // AWS may have taken long to answer; no capture starts after its end.
  if (missed(capture, now)) return fail("STARTING", MISSED);
  const transition: Transition = { from: "STARTING", to: "RUNNING" };
  if (capture.start !== null) return transition;
  if (capture.duration === null || capture.scheduledStart !== null) return { ...transition, start: now };
  return { ...transition, start: now, scheduledEnd: now + capture.duration };
}

/** Why a capture can't be stopped. */
export type StopRefusal = "already-stopped" | "already-failed" | "not-started-yet";

/** Why a capture in this state can't be stopped; null when it can. */
export function stopRefusal(status: Status): StopRefusal | null {
  if (TRANSITIONS[status].stop !== undefined) return null;
  if (status === "FAILED") return "already-failed";
  return status === "STOPPING" || status === "DONE" ? "already-stopped" : "not-started-yet";
}

/** What the history and the capture say of a cancellation. */
export const CANCELLED = "Cancelled before it was running";

/** Why a capture can't be cancelled. */
export type CancelRefusal = "cancel-running" | "cancel-ended";

/** Why a capture in this state can't be cancelled; null when it can. */
export function cancelRefusal(status: Status): CancelRefusal | null {
  if (TRANSITIONS[status].cancellation !== undefined) return null;
  return status === "RUNNING" ? "cancel-running" : "cancel-ended";
}

/** What a deletion does to a capture, besides that nobody sees it any more. */
export interface Deletion {
  /** The state that it has then: its own when there is no transition. */
  to: Status;
  /** What the history says of the transition; null when there is none. */
  reason: string | null;
  /** Whether a recording ends at that moment. One that never ran but has a start, since it is back-dated, has its end then too. */
  ends: boolean;
  /** When cron looks after it: as after the transition, never, or as it would have. */
  due: "soon" | "never" | "unchanged";
}

/** What a deletion does to a capture in this state. */
export function deletion(status: Status): Deletion {
  const to = TRANSITIONS[status].deletion;
  if (to === "STOPPING") return { to, reason: "Deleted while it was running", ends: true, due: "soon" };
  // It never ran, so that there are no metrics to archive.
  if (to !== undefined) return { to, reason: "Deleted before it was running", ends: false, due: "never" };
  return { to: status, reason: null, ends: false, due: hasEnded(status) ? "unchanged" : "soon" };
}

/** How long after a capture has ended its metrics are archived: its last minute may just have begun. */
const ARCHIVE_AFTER_MS = PUBLISHED_WITHIN_MS + MINUTE;

/** When cron should look after the metrics of a capture that are to be archived at `at`. */
export function archiveDueAt(at: number): number {
  return at + OVERDUE_MS;
}

/** When cron should look after the metrics of a capture that was brought back at `now` without them. */
export function archiveDueAfterRestore(now: number): number {
  return archiveDueAt(now + ARCHIVE_AFTER_MS);
}

/** When cron should look after a capture that has come to this state at `now` and not left it, nor written a heartbeat since. */
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
 * The heartbeat of a capture that is running, or stopping for long: when cron should look after it now. Due only when half of
 * HEARTBEAT_MS is over, so that it is written once for several readings of the log.
 * @returns null while none is due
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
