import type { LogRecord } from "../logs/record.ts";
import { formatTime } from "./stored/time.ts";

/** A record as general-log text in the form of MySQL 5.7 to 8.4, which pt-query-digest reads with `--type genlog`. */
export function toLogText(
  line: Pick<LogRecord, "timeMicros" | "threadId" | "command" | "statement">,
): string {
  const id = String(line.threadId).padStart(5);
  return `${formatTime(line.timeMicros)}\t${id} ${line.command}\t${line.statement}\n`;
}
