import type { AwsFailure, AwsResult } from "../aws/client.ts";
import type { LogPortion } from "../aws/rds-logs.ts";
import { MAX_PORTION_LINES } from "./portion.ts";

/*
 * RDS refuses a portion with bytes that it takes for binary data, such as those of a blob in a statement. Markers are opaque, so
 * the place behind such a line can't be asked for. What can be read is found from both sides: by asking for fewer lines from the
 * marker on, and for fewer of the newest lines.
 */

/** The cause of the gap where such a line is. */
export const BINARY = "RDS refused to give a part of the log, which it takes for binary data";

/** Whether RDS refused a portion for its bytes: InvalidParameterValue has other causes, too. */
export const isBinary = ({ code, message }: AwsFailure): boolean =>
  code.startsWith("InvalidParameterValue") && /binary data/i.test(message);

/**
 * The largest portion that RDS does not refuse, by its number of lines.
 * @param ask asks for a number of lines, always the first or always the last ones
 * @param refused a number of lines that was refused; by default, one more than RDS gives
 * @returns null when not even one line can be had
 */
export async function mostReadable<T extends LogPortion>(
  ask: (lines: number) => Promise<AwsResult<T>>,
  refused = MAX_PORTION_LINES + 1,
): Promise<AwsResult<T | null>> {
  let best: T | null = null;
  let [given, tooMany] = [0, refused];
  // One line first: where that is refused, nothing can be had.
  for (let lines = 1; ; lines = Math.floor((given + tooMany) / 2)) {
    const asked = await ask(lines);
    if (asked.ok) {
      best = asked.value;
      given = lines;
    } else if (isBinary(asked.failure)) {
      tooMany = lines;
    } else {
      return asked;
    }
    if (tooMany - given <= 1) return { ok: true, value: best };
  }
}

/**
 * A file's newest lines: as many as RDS gives, or those behind the last line that it refuses.
 * @param newest asks for them
 * @returns null when the last line itself is refused
 */
export async function newestReadable(
  newest: (lines?: number) => Promise<AwsResult<LogPortion>>,
): Promise<AwsResult<LogPortion | null>> {
  const all = await newest();
  if (all.ok || !isBinary(all.failure)) return all;
  return mostReadable(newest);
}
