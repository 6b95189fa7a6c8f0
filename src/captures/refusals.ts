import { ApiError, refusal } from "../http/refusals.ts";
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

/** What is refused of captures. */
export const refuseCapture = {
  notOwnerOrAdmin: refusal(403, "Only the capture's owner or an admin of its environment may do this"),
  captureEnvironmentNotFound: refusal(404, "Capture's environment not found"),
  captureNotFound: refusal(404, "Capture not found"),
  otherCaptureNotFound: refusal(404, "with: there is no such capture in an environment of yours"),
  duplicateName: refusal(400, "Capture with the same name already exists in this environment"),
  nameTaken: refusal(
    409,
    "Another capture of this environment has this capture's name by now. Rename that one first, then bring this one back.",
  ),
  outdated: refusal(
    412,
    "If-Match: the capture has changed since; look at it again, and send the ETag that it has now",
  ),
  excluded: refusal(
    412,
    "If-None-Match: names the version that the capture has, which is not to be changed then",
  ),
  durationTooShort: refusal(400, "Duration must be at least 60 seconds"),
  noScheduledStart: refusal(400, "Cannot schedule without a schedule start time"),
  alreadyStopped: refusal(409, "This capture has already been stopped"),
  alreadyFailed: refusal(409, "This capture failed and is no longer running"),
  notStartedYet: refusal(409, "Cannot stop a capture until it has started completely. Try again soon."),
  cancelRunning: refusal(
    409,
    "This capture is running and can't be cancelled any more. Stop it instead: what it has recorded is kept.",
  ),
  cancelEnded: refusal(409, "This capture has ended or is just ending: there is nothing to cancel."),
  backDated: refusal(
    409,
    "This capture is back-dated, and its times can't be changed. Make another one with the times that you want.",
  ),
  justStarting: refusal(
    409,
    "This capture is just starting, and its times can't be changed until it is running. Try again soon.",
  ),
  startedAlready: refusal(
    409,
    "scheduledStart: the capture has started already. Only its duration can be changed now.",
  ),
  endedAlready: refusal(
    409,
    "This capture has ended, and its times can't be changed any more. Make another one with the times that you want.",
  ),
  notEnded: refusal(
    409,
    "This capture has not ended: stop or cancel it first, then erase what it has recorded",
  ),
  cursorOfAnotherOrder: refusal(
    400,
    "cursor: is of a list in another order. Follow the Link header of the page before, or begin without a cursor.",
  ),
  tooManyWait: refusal(503, "Too many are waiting for this capture: ask for it now and then instead", {
    "Retry-After": "60",
  }),
  tooManyWatch: refusal(503, "Too many are watching this capture: ask for it now and then instead", {
    "Retry-After": "60",
  }),
} as const;

/** Of a capture that an environment has no place for: it may have `limit` that have not ended. */
export const tooManyLive = (limit: number): ApiError =>
  new ApiError(
    409,
    `Environment has ${limit} captures that have not ended, which is the most it may have: stop or delete one, or wait for an end`,
  );

/** Of a capture in an environment that has recorded `limit` bytes in the month in which the capture is to begin. */
export const monthFull = (limit: number): ApiError =>
  new ApiError(
    409,
    `Environment has recorded as much as it may in a month, ${limit} bytes: schedule the capture for the next month, or ask whoever runs this service for more`,
  );

/** Of a WebSocket more than one user may have of a capture. */
export const tooManySockets = (limit: number): ApiError =>
  new ApiError(
    409,
    `You watch this capture ${limit} times already, which is the most you may: close one first`,
  );

/** Why something was erased, in words. */
const ERASED_WHY = {
  retention: "by its environment's retention",
  request: "as an admin has asked for it",
  deletion: "since it was deleted",
} as const;

/**
 * Of what needs the workload of a capture that was erased.
 * @param at when, ISO 8601
 * @param field what of the request names the capture, if it is not the path
 */
export const workloadErased = (at: string, why: keyof typeof ERASED_WHY, field?: string): ApiError => {
  const message =
    field === undefined
      ? `The workload of this capture was erased at ${at}, ${ERASED_WHY[why]}`
      : `${field}: the workload of that capture was erased at ${at}, ${ERASED_WHY[why]}`;
  return new ApiError(410, message);
};

/** Of the metrics of a capture that were erased. @param at when, ISO 8601 */
export const metricsErased = (at: string, why: keyof typeof ERASED_WHY): ApiError =>
  new ApiError(410, `The metrics of this capture were erased at ${at}, ${ERASED_WHY[why]}`);

/*
 * What is answered to a request that the plan or the lifecycle of a capture does not allow.
 */

/** The refusal of a capture that can't be made. */
export function refusePlan(reason: PlanRefusal, { status }: Pick<CaptureRequest, "status">): ApiError {
  switch (reason) {
    case "duration-too-short":
      return refuseCapture.durationTooShort();
    case "duration-too-long":
      return new ApiError(400, `duration: must be at most ${MAX_DURATION_MS / 1000} seconds (31 days)`);
    case "no-scheduled-start":
      return refuseCapture.noScheduledStart();
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
      return refuseCapture.alreadyStopped();
    case "already-failed":
      return refuseCapture.alreadyFailed();
    case "not-started-yet":
      return refuseCapture.notStartedYet();
  }
}

/** The refusal to cancel a capture. */
export function refuseCancel(reason: CancelRefusal): ApiError {
  return reason === "cancel-running" ? refuseCapture.cancelRunning() : refuseCapture.cancelEnded();
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
  return changes.name === undefined ? refuseCapture.endedAlready() : refuseCapture.duplicateName();
}

/** The refusal to change when a capture starts or ends. */
export function refuseReschedule(reason: RescheduleRefusal): ApiError {
  switch (reason) {
    case "back-dated":
      return refuseCapture.backDated();
    case "just-starting":
      return refuseCapture.justStarting();
    case "started-already":
      return refuseCapture.startedAlready();
    case "ended-already":
      return refuseCapture.endedAlready();
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
