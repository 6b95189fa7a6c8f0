import { ApiError, refuse } from "../http/refusals.ts";
import { isoTime } from "../lib/values.ts";
import type { CancelRefusal, StopRefusal } from "./lifecycle.ts";
import { type CaptureRequest, MAX_DURATION_MS, type PlanRefusal } from "./plan.ts";
import {
  impossibleTimes,
  type RescheduleRefusal,
  rescheduleRefusal,
  reschedules,
  type Timed,
} from "./rescheduling.ts";
import type { CaptureChanges } from "./schema.ts";

/* What is answered to a request that the plan or the lifecycle of a capture does not allow. */

/** The refusal of a capture that can't be made. */
export function refusePlan(reason: PlanRefusal, { status }: Pick<CaptureRequest, "status">): ApiError {
  switch (reason) {
    case "duration-too-short":
      return refuse.durationTooShort();
    case "duration-too-long":
      return new ApiError(400, `duration: must be at most ${MAX_DURATION_MS / 1000} seconds (31 days)`);
    case "no-scheduled-start":
      return refuse.noScheduledStart();
    case "scheduled-but-started":
      return new ApiError(400, "start: a scheduled capture can't have started already");
    case "scheduled-in-the-past":
      return new ApiError(400, "scheduledStart: is in the past");
    case "scheduled-too-far-ahead":
      return new ApiError(400, "scheduledStart: is more than a year ahead");
    case "scheduled-but-another-status":
      return new ApiError(
        400,
        `scheduledStart: a capture with a scheduled start has the status SCHEDULED, not ${status}`,
      );
    case "start-in-the-future":
      return new ApiError(400, "start: is in the future; use scheduledStart");
  }
}

/** The refusal to stop a capture: the specification's three answers. */
export function refuseStop(reason: StopRefusal): ApiError {
  switch (reason) {
    case "already-stopped":
      return refuse.alreadyStopped();
    case "already-failed":
      return refuse.alreadyFailed();
    case "not-started-yet":
      return refuse.notStartedYet();
  }
}

/** The refusal to cancel a capture. */
export function refuseCancel(reason: CancelRefusal): ApiError {
  return reason === "cancel-running" ? refuse.cancelRunning() : refuse.cancelEnded();
}

/** The refusal of a change that was not made to a capture which the caller may change. */
export function refuseChange(
  before: Timed & { databaseNow: number },
  changes: CaptureChanges,
  now: number,
): ApiError {
  if (reschedules(changes)) {
    const impossible = impossibleTimes(changes, now);
    if (impossible !== null) return refusePlan(impossible, { status: "SCHEDULED" });
    const refused = rescheduleRefusal(before, changes, before.databaseNow);
    if (refused !== null) return refuseReschedule(refused);
  }
  // If it was not the name, the capture has ended within a millisecond.
  return changes.name === undefined ? refuse.endedAlready() : refuse.duplicateName();
}

/** The refusal to change when a capture starts or ends. */
export function refuseReschedule(reason: RescheduleRefusal): ApiError {
  switch (reason) {
    case "back-dated":
      return refuse.backDated();
    case "just-starting":
      return refuse.justStarting();
    case "started-already":
      return refuse.startedAlready();
    case "ended-already":
      return refuse.endedAlready();
    default:
      return endsInThePast(reason.endsInThePast);
  }
}

/** The refusal to let a running capture end at a time that has passed, in milliseconds since the epoch. */
export const endsInThePast = (time: number): ApiError =>
  new ApiError(
    409,
    `duration: the capture would have ended at ${isoTime(time)}, which has passed. Give it a longer one, or stop it.`,
  );
