/*
 * The logs that captures are made of. This knows nothing of Workers: the description of the API and the console use it too.
 */

/** The kinds of log, in the order in which they are shown. */
export const LOG_NAMES = ["general", "slow"] as const;
/** A kind of log. */
export type LogName = (typeof LOG_NAMES)[number];

/** Which logs a capture can be made of. */
export const CAPTURED_LOGS = [...LOG_NAMES, "both"] as const;
/** Which log a capture is made of, or that it is made of both. */
export type CapturedLog = (typeof CAPTURED_LOGS)[number];

/** The logs that a capture is made of, in the order in which they are shown. */
export const logsOf = (captured: CapturedLog): readonly LogName[] =>
  captured === "both" ? LOG_NAMES : [captured];
