import type { Capture, LiveMessage } from "../client/index.ts";
import { formatCount, formatDuration } from "./terminal/format.ts";
import type { ProgressState } from "./terminal/progress-line.ts";
import { clean } from "./terminal/text.ts";

/** What is known of a capture that goes on. */
export interface Seen extends Pick<LiveMessage, "capture" | "obstacle" | "workload"> {
  /** By how many seconds its log may be ahead of what was read; null where nobody knows. */
  behindBy: number | null;
}

const LABELS: Readonly<Record<Capture["status"], string>> = {
  SCHEDULED: "Scheduled",
  STARTED: "Starting",
  STARTING: "Starting",
  RUNNING: "Recording",
  STOPPING: "Reading the rest of the log",
  DONE: "Done",
  FAILED: "Failed",
};

/** What progress shows of a capture at a moment. */
export function progressOf({ capture, obstacle, workload, behindBy }: Seen, now: number): ProgressState {
  const { status, start, scheduledEnd } = capture;
  const [from, to] = [start, scheduledEnd].map((time) => (time === null ? null : Date.parse(time)));
  const isTimed = status === "RUNNING" && from != null && to != null && to > from;
  const details = [
    timeIn(capture, now),
    ...(workload === null ? [] : [plural(workload.statements, "statement")]),
    ...(workload !== null && workload.gapCount > 0 ? [plural(workload.gapCount, "gap")] : []),
    ...(behindBy === null ? [] : [`behind by ${formatDuration(behindBy * 1000)}`]),
    obstacle ?? workload?.problem?.reason ?? null,
  ].filter((detail) => detail !== null);
  return {
    label: LABELS[status],
    fraction: isTimed ? (now - from) / (to - from) : null,
    details: details.map(clean),
  };
}

/** How long it is still to go, or has gone on; null where neither says anything. */
function timeIn({ status, start, scheduledStart, scheduledEnd }: Capture, now: number): string | null {
  const left = (time: string) => formatDuration(Math.max(0, Date.parse(time) - now));
  switch (status) {
    case "SCHEDULED":
      return scheduledStart === null ? null : `starts in ${left(scheduledStart)}`;
    case "RUNNING":
      if (scheduledEnd !== null) return `${left(scheduledEnd)} left`;
      return start === null ? null : `for ${formatDuration(now - Date.parse(start))}`;
    default:
      return null;
  }
}

const plural = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
