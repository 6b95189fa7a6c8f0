import type { TimedRecord } from "../../logs/record.ts";

/** Which records are the capture's. Milliseconds since the epoch. */
export interface CaptureWindow {
  start: number;
  /** Excluded; null while the capture has none. */
  end: number | null;
}

/** Whether a record is of a capture's time. */
export function isInWindow(
  { timeMicros }: Pick<TimedRecord, "timeMicros">,
  { start, end }: CaptureWindow,
): boolean {
  if (end !== null && timeMicros >= end * 1000) return false;
  if (timeMicros >= start * 1000) return true;
  // MariaDB's times are whole seconds: of the second in which the capture started, nobody knows the rest.
  return timeMicros % 1_000_000 === 0 && timeMicros >= Math.floor(start / 1000) * 1_000_000;
}
