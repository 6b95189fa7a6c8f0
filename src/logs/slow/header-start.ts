import { ByteWords } from "../../lib/byte-words.ts";
import type { Units } from "../units.ts";

/*
 * Where a header begins in the text of a slow log, and whether one begins at its end that is not all there yet.
 */

/** The longest header, in characters. MariaDB's may have warnings and an execution plan. */
export const MAX_HEADER = 32 * 1024;

const HASH = 35;

export const TIME = new ByteWords("# Time: ");
export const USER_HOST = new ByteWords("# User@Host: ");

/** Whether a header may begin at `at`. */
export function mayBeHeader(units: Units, at: number): boolean {
  return units.bytes[at] === HASH && (units.has(TIME, at) || units.has(USER_HOST, at));
}

/** A header that ends amid a line, or before `SET timestamp`, with names without newlines. None of its lines ends as a statement does. */
const UNFINISHED =
  /^(?:# Time: .*[^;]\n)?(?:# User@Host: .*[^;]\n(?:# Thread_id: .*[^;]\n)?(?:# Query_time: .*[^;]\n(?:#(?:.*[^;])?\n)*(?:use .*;\n)?(?:u(?:s(?:e(?: .*)?)?)?|S(?:E(?:T(?: .*)?)?)?)?)?)?(?:#.*)?$/;

/** Whether all of the text from `at` on is the beginning of a header. For the end of a log. */
export function isUnfinishedHeader(units: Units, at: number): boolean {
  const { text } = units;
  if (units.bytes[at] !== HASH || text.length - at > MAX_HEADER) return false;
  const rest = text.slice(at);
  const isBegun = mayBeHeader(units, at) || "# Time: ".startsWith(rest) || "# User@Host: ".startsWith(rest);
  return isBegun && UNFINISHED.test(rest);
}
