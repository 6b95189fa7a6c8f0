import { hasEnded } from "../../db/states.ts";
import type { Capture, Status } from "../api/types.ts";

/** The most captures that the API lists at once. */
export const PAGE_SIZE = 1000;

/** How many are read at least when a list is refreshed: new ones come in at the front. */
const SMALLEST_HEAD = 50;
/** A capture that starts later than this is not polled often. */
const SOON_MS = 2 * 60_000;

/** Whether a capture in this state will still change by itself. */
export const isLive = (status: Status): boolean => !hasEnded(status);

/** Whether a capture can change by itself at any moment. */
export function isMoving({ status, scheduledStart }: Capture, now: number): boolean {
  if (status === "SCHEDULED") return scheduledStart === null || Date.parse(scheduledStart) - now < SOON_MS;
  return isLive(status);
}

/**
 * How much of a list, newest first, has to be read again to see every change that happens by itself: down to the last capture that
 * can change.
 */
export function headSize(captures: Capture[], now: number): number {
  const lastMoving = captures.findLastIndex((capture) => isMoving(capture, now));
  // Rounded up, so that the address stays the same and its ETag is of use.
  return Math.min(PAGE_SIZE, Math.max(SMALLEST_HEAD, Math.ceil((lastMoving + 1) / 100) * 100));
}

/**
 * A list with its beginning replaced by what was read again. Captures that are missing there were deleted.
 * @param size how many were asked for: fewer are all that there are
 */
export function mergeHead<C extends Capture>(captures: C[], head: C[], size: number): C[] {
  const last = head.at(-1);
  if (last === undefined || head.length < size) return head;
  return [...head, ...captures.filter(({ id }) => id < last.id)];
}
