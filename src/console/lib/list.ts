import type { Capture } from "../api/types.ts";

/** How many are read at least when a list is refreshed: new ones come in at the front. */
const SMALLEST_HEAD = 50;

/** How much of a list, newest first, has to be read again to learn of all that can have changed: down to the last live one. */
export function headSize(captures: Capture[]): number {
  const lastLive = captures.findLastIndex(({ status }) => status !== "DONE" && status !== "FAILED");
  // Rounded up, so that the address stays the same from one time to the next.
  return Math.min(1000, Math.max(SMALLEST_HEAD, Math.ceil((lastLive + 1) / 100) * 100));
}

/**
 * A list with its beginning as it is now. What was in the part that was read again, and is there no more, is gone.
 * @param size how many were asked for: fewer are all that there are
 */
export function mergeHead(captures: Capture[], head: Capture[], size: number): Capture[] {
  const last = head.at(-1);
  if (last === undefined || head.length < size) return head;
  return [...head, ...captures.filter(({ id }) => id < last.id)];
}
