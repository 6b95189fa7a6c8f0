/*
 * The states of a capture, and how SQL asks for them. Which moves there are between them: captures/lifecycle.ts. This knows
 * nothing of Workers: the API reference, the client and the console use it too.
 */

/** The states of a capture that has not ended, in the order of its life. */
const LIVE_STATUSES = ["SCHEDULED", "STARTED", "STARTING", "RUNNING", "STOPPING"] as const;
/** The states of a capture that has ended: it moves no more. */
const ENDED_STATUSES = ["DONE", "FAILED"] as const;

/** Every state of a capture, in the order of its life. */
export const STATUSES = [...LIVE_STATUSES, ...ENDED_STATUSES] as const;
/** A state of a capture. */
export type Status = (typeof STATUSES)[number];

/** Whether a capture in this state moves no more. */
export const hasEnded = (status: Status): boolean => (ENDED_STATUSES as readonly Status[]).includes(status);

/** Whether the row at hand is in one of some states, in SQL. */
export const isOneOf = (statuses: readonly Status[]) =>
  `status in (${statuses.map((status) => `'${status}'`).join(", ")})`;

/**
 * Whether a capture has not ended, in SQL: the condition of the partial index `captures_live`, to the letter, or SQLite would
 * not use it. A table's alias goes before it with a dot.
 */
export const IS_LIVE = isOneOf(LIVE_STATUSES);
/** Whether a capture has ended, in SQL. A table's alias goes before it with a dot. */
export const HAS_ENDED = isOneOf(ENDED_STATUSES);
