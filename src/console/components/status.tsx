import type { Status } from "../api/types.ts";

const NAMES: Record<Status, string> = {
  SCHEDULED: "Scheduled",
  STARTED: "Started",
  STARTING: "Starting",
  RUNNING: "Running",
  STOPPING: "Stopping",
  DONE: "Done",
  FAILED: "Failed",
};

/** A state as a person reads it. */
export const statusName = (status: Status): string => NAMES[status];

/** A capture's state, in words and as a coloured dot. */
export function StatusBadge({ status }: { status: Status }) {
  return <span class={`status status-${status.toLowerCase()}`}>{NAMES[status]}</span>;
}
