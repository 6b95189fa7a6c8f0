import type { LogName } from "../logs/names.ts";
import { toLogText } from "./log-text.ts";
import { toSlowLogText } from "./slow-log-text.ts";
import type { MissingFragments } from "./stored/fragments-in-range.ts";
import { formatTime } from "./stored/time.ts";

/* What is said in the place of fragments that are missing. */

/** The line that stands for missing fragments among the records. */
export function missingLine({ fragments, afterMicros, beforeMicros }: MissingFragments): string {
  const missing = { fragments, after: timeOrNull(afterMicros), before: timeOrNull(beforeMicros) };
  return `${JSON.stringify({ missing })}\n`;
}

const timeOrNull = (micros: number | null): string | null => (micros === null ? null : formatTime(micros));

/** The same in a log: a statement that does nothing, of a thread that does not exist. */
export function missingText(logName: LogName, missing: MissingFragments): string {
  const statement = `/* Captures: ${describeMissing(missing)} */`;
  const timeMicros = missing.afterMicros ?? missing.beforeMicros ?? 0;
  const nobodys = { timeMicros, threadId: 0, command: "Query", statement } as const;
  if (logName === "general") return toLogText(nobodys);
  const nothing = { user: null, host: null, db: null, durationMicros: 0, lockMicros: 0, rowsSent: 0 };
  return toSlowLogText({ ...nobodys, ...nothing, rowsExamined: 0 });
}

function describeMissing({ fragments, afterMicros, beforeMicros }: MissingFragments): string {
  const what = fragments === 1 ? "a fragment is missing" : `${fragments} fragments are missing`;
  const bounds = [
    afterMicros === null ? null : `after ${formatTime(afterMicros)}`,
    beforeMicros === null ? null : `before ${formatTime(beforeMicros)}`,
  ];
  return [what, ...bounds.filter((bound) => bound !== null)].join(" ");
}

/** How many places where fragments are missing are described one by one. */
const MAX_DESCRIBED = 5;

/** All of them in words, for a header; null when nothing is missing. */
export function describeAllMissing(missing: readonly MissingFragments[]): string | null {
  if (missing.length === 0) return null;
  const more = missing.length - MAX_DESCRIBED;
  const first = missing.slice(0, MAX_DESCRIBED).map(describeMissing);
  return [...first, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}
