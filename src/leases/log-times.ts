import type { ParameterSettings } from "../environments/parameter-group.ts";
import { type Holder, isNeeded, isOfGeneralLog, isOn, type Offered } from "./needs.ts";

/*
 * When a lease has switched logs on, as its state says it. A log file counts that was written after that.
 */

/** When the logs were switched on; null for what no change of the lease's has switched on. */
export interface LogTimes {
  /** General log files that were written after this were written under the last change that switched the general log on. */
  general: number | null;
  /** The same of the slow log, whose server writes a banner when it is switched on. */
  slow: number | null;
  /** The last change by which the slow log has more, such as shorter statements. The server writes nothing then. */
  threshold: number | null;
  /** When the slow log was last seen to be off, or to have less than it should. */
  slowSeenOff: number | null;
}

/** No change of the lease's has switched a log on. */
export const NEVER: LogTimes = { general: null, slow: null, threshold: null, slowSeenOff: null };

/** The latest of some times; null when there is none. */
export function latestOf(...times: (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** The parameters of a change whose values are new: the group is not known to have them already. */
export function newIn(settings: ParameterSettings, { has }: { has: ParameterSettings }): string[] {
  return Object.keys(settings).filter((name) => has[name] !== settings[name]);
}

/** When logs were switched on, once a change is sent at a time. */
export function sinceChange(
  state: { holders: readonly Holder[]; has: ParameterSettings; offered: Offered; since: LogTimes },
  settings: ParameterSettings,
  at: number,
): LogTimes {
  const { since, has, offered } = state;
  const names = newIn(settings, state);
  // A general log that is on stays on when its output is no longer to go to tables too.
  const isKnownOn = "log_output" in has && isOn(has, offered);
  const isGeneral = names.some(isOfGeneralLog) && !isKnownOn;
  const isSlow = isNeeded(state.holders, "slow");
  return {
    ...since,
    general: isGeneral ? at : since.general,
    // After a change whose answer was lost the server may have written its banner already, and writes no other.
    slow: !names.includes("slow_query_log")
      ? since.slow
      : has.slow_query_log === undefined
        ? (since.slow ?? at)
        : at,
    threshold: isSlow && names.some((name) => name !== "general_log") ? at : since.threshold,
  };
}

/** When logs were switched on, once these parameters are restored. */
export function sinceRestored(since: LogTimes, settings: ParameterSettings): LogTimes {
  const names = Object.keys(settings);
  const rest = names.includes("slow_query_log") ? { ...NEVER, general: since.general } : since;
  return names.some(isOfGeneralLog) ? { ...rest, general: null } : rest;
}
