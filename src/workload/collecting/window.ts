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
  // MariaDB's times are whole seconds: of the second in which the capture started, nobody knows the rest.
  const from = timeMicros % 1_000_000 === 0 ? Math.floor(start / 1000) * 1000 : start;
  return timeMicros >= from * 1000 && (end === null || timeMicros < end * 1000);
}
