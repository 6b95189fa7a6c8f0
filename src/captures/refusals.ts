import { ApiError, refuse } from "../http/refusals.ts";
import type { StopRefusal } from "./lifecycle.ts";
import { type CaptureRequest, MAX_DURATION_MS, type PlanRefusal } from "./plan.ts";

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
