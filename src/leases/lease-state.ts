import type { ParameterSettings } from "../environments/parameter-group.ts";
import { type LogTimes, NEVER } from "./log-times.ts";
import type { Needs } from "./needs.ts";

/*
 * The state of the lease on a parameter group's logs, and the one that it begins with. The transitions are in state.ts.
 */

/** Who needs the logs of a parameter group, and what is known of the group. */
export interface LeaseState extends Needs {
  /**
   * The captures for which a lease has, or may have, changed the group: with the credentials of their environments it is
   * restored. One that was released stays among them until what it needed is restored, or a holder who is answerable needs it too.
   */
  readonly answerable: readonly number[];
  /** What the group has of the leased parameters now. One is absent while a change of it is under way, or its answer was lost. */
  readonly has: ParameterSettings;
  /** The values that were sent to switch logs on, in changes that may still be carried out: nobody else has set those. */
  readonly sent: Readonly<Record<string, readonly string[]>>;
  /** Until when the change that is under way may still be carried out; null when there is none. */
  readonly callUntil: number | null;
  /** Until when earlier changes whose answers were lost may still be carried out; null when there are none. */
  readonly lostUntil: number | null;
  readonly since: LogTimes;
  /** When parameters were last restored. Kept after that, for RESTORE_APPLIES_MS. */
  readonly restoredAt: number | null;
  /** How often AWS has failed to take values away since a log was switched on. */
  readonly failedResets: number;
  /** Whether to restore by writing the defaults, because values can't be taken away. */
  readonly writesDefaults: boolean;
}

/** Nobody needs the logs, and they are as they were found. */
export const IDLE: LeaseState = {
  holders: [],
  answerable: [],
  found: {},
  has: {},
  offered: null,
  sent: {},
  callUntil: null,
  lostUntil: null,
  since: NEVER,
  restoredAt: null,
  failedResets: 0,
  writesDefaults: false,
};
