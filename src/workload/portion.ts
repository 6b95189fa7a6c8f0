import type { AwsResult } from "../aws/client.ts";
import type { LogPortion } from "../aws/rds.ts";

/** What RDS puts in the place of the rest of a line that it cut off at 1 MB; the marker it gives then skips that rest. */
const NOTICE = " [Your log message was truncated]\n";
/** A portion that is cut has 1 MB; a statement that only says so is shorter. */
const CUT_AT_BYTES = 1024 * 1024;

/** A stretch of a log file, and whether a statement in it has lost its end for ever. */
export interface WholePortion extends LogPortion {
  isCut: boolean;
}

/** Asks for the stretch at a marker; `lines` at most, or as much as RDS gives. */
export type Download = (marker: string, lines?: number) => Promise<AwsResult<LogPortion>>;

/** What stands in the text for bytes that are no UTF-8, such as the beginning of a character whose end is not written yet. */
const NO_CHARACTER = "\ufffd";

/**
 * Reads a stretch of whole lines. RDS cuts the line that passes 1 MB and skips its rest, so the lines before it are asked for
 * alone, and the line itself next time, when it is the first. A single line of more than 1 MB can't be had whole.
 *
 * A long statement is written in several pieces, and the newest one may end amid a character, of which then neither half can
 * be read: that line too is left for the next time.
 * @param isGrowing whether the server still writes to the file
 */
export async function readPortion(
  marker: string,
  isGrowing: boolean,
  download: Download,
): Promise<AwsResult<WholePortion>> {
  const first = await download(marker);
  if (!first.ok) return first;
  if (isGrowing && first.value.data.endsWith(NO_CHARACTER)) {
    const lines = countLines(first.value.data);
    if (lines > 0) return withCut(await download(marker, lines), false);
    return { ok: true, value: { data: "", marker, pending: false, isCut: false } };
  }
  if (!isCut(first.value.data)) return withCut(first, false);
  const data = first.value.data.slice(0, -NOTICE.length);
  const lines = countLines(data);
  if (lines === 0) return { ok: true, value: { ...first.value, data: `${data}\n`, isCut: true } };
  return withCut(await download(marker, lines), false);
}

function withCut(result: AwsResult<LogPortion>, cut: boolean): AwsResult<WholePortion> {
  return result.ok ? { ok: true, value: { ...result.value, isCut: cut } } : result;
}

function isCut(data: string): boolean {
  // A character is at most three bytes for each of its UTF-16 units.
  return (
    data.endsWith(NOTICE) &&
    data.length * 3 >= CUT_AT_BYTES &&
    new TextEncoder().encode(data).length >= CUT_AT_BYTES
  );
}

/** The lines that are whole: those that end. */
function countLines(data: string): number {
  let lines = 0;
  for (let at = data.indexOf("\n"); at !== -1; at = data.indexOf("\n", at + 1)) lines++;
  return lines;
}
