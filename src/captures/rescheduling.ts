import type { Status } from "../db/states.ts";
import { durationRefusal, type PlanRefusal, scheduledStartRefusal } from "./plan.ts";
import type { CaptureChanges } from "./schema.ts";

/*
 * When a capture starts and ends, once somebody changes that. Pure: it is told the time. What is decided here for the words of a
 * refusal, the statement that makes the change decides once more by the capture's row and the database's clock (changes.ts): the
 * capture may start or end at that moment.
 */

/** The part of a change that is about time. */
export type Reschedule = Pick<CaptureChanges, "scheduledStart" | "duration">;

/** Whether a change is about time. */
export const reschedules = ({ scheduledStart, duration }: Reschedule): boolean =>
  scheduledStart !== undefined || duration !== undefined;

/** As much of a capture as says whether its times can change. Milliseconds. */
export interface Timed {
  status: Status;
  start: number | null;
  scheduledStart: number | null;
  scheduledEnd: number | null;
  backDated: 0 | 1;
}

/** Why a capture's times can't be changed so. */
export type RescheduleRefusal =
  | "back-dated"
  | "just-starting"
  | "started-already"
  | "ended-already"
  | { endsInThePast: number };

/** Why times are not possible for any capture; null when they are. */
export function impossibleTimes({ scheduledStart, duration }: Reschedule, now: number): PlanRefusal | null {
  const refused = durationRefusal(duration ?? null);
  if (refused !== null || scheduledStart === undefined) return refused;
  return scheduledStartRefusal(scheduledStart, now);
}

/** Why the times of a capture can't be changed; null when they can. */
export function rescheduleRefusal(
  capture: Timed,
  { scheduledStart, duration }: Reschedule,
  now: number,
): RescheduleRefusal | null {
  switch (capture.status) {
    case "SCHEDULED":
      return null;
    case "STARTED":
    case "STARTING":
      return capture.backDated === 1 ? "back-dated" : "just-starting";
    case "STOPPING":
    case "DONE":
    case "FAILED":
      return "ended-already";
  }
  if (capture.backDated === 1) return "back-dated";
  if (scheduledStart !== undefined) return "started-already";
  const { scheduledEnd } = capture;
  if (scheduledEnd !== null && scheduledEnd <= now) return "ended-already";
  const from = capture.scheduledStart ?? capture.start;
  if (duration == null || from === null || from + duration > now) return null;
  return { endsInThePast: from + duration };
}
