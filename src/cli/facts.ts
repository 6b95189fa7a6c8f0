import type { Schedule } from "../client/index.ts";
import { formatTime } from "./terminal/format.ts";
import { clean } from "./terminal/text.ts";

/*
 * What `show` says of a capture, and `schedule show` of a schedule, in the same words.
 */

/** A name of a fact, and what it is; null where there is nothing to say. */
export type Fact = [name: string, value: string | null];

/** A text that somebody wrote. */
export const textOrNull = (text: string | null): string | null => (text === null ? null : clean(text));

/** A moment. */
export const timeOrNull = (time: string | null): string | null => (time === null ? null : formatTime(time));

/** Which log is recorded, and from which duration on. */
export function logOf({ log, minDuration }: Pick<Schedule, "log" | "minDuration">): string {
  const over = minDuration === null || minDuration === 0 ? "" : `, statements from ${minDuration} ms`;
  return `${log}${over}`;
}

/** Labels as options take them. */
export function labelsOf(labels: Readonly<Record<string, string>>): string | null {
  const shown = Object.entries(labels).map(([key, value]) => clean(`${key}=${value}`));
  return shown.length === 0 ? null : shown.join(", ");
}

/** When it was made, and by whom. */
export const madeOf = ({ createdAt, owner }: Pick<Schedule, "createdAt" | "owner">): string =>
  `${formatTime(createdAt)} by ${clean(owner.name ?? owner.id)}`;
