import type { ParameterSettings } from "../environments/parameter-group.ts";
import { type LogTimes, latestOf, NEVER } from "./log-times.ts";
import { type Holder, type Needs, neededParameters } from "./needs.ts";

/*
 * The state of the lease on a parameter group's logs, the one that it begins with, and what is plain to see of one. Who holds it is
 * in holders.ts, what to ask of AWS next in next-call.ts, and what its answers mean in state.ts.
 */

/** Who needs the logs of a parameter group, and what is known of the group. */
export interface LeaseState extends Needs {
  /**
   * The captures for which a lease has, or may have, changed the group: with the access of their environments it is
   * restored. One that was released stays among them until what it needed is restored, or needed by a holder who is answerable and
   * is of the same environment, or of one that is known to be able to change the group.
   */
  readonly answerable: readonly number[];
  /** Those of them who were released; who was released last comes last. */
  readonly released: readonly Released[];
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

/** A capture that was released and is answerable. */
export interface Released extends Pick<Holder, "captureId" | "envId"> {
  /** The parameters that it is answerable for. */
  names: readonly string[];
}

/** Nobody needs the logs, and they are as they were found. */
export const IDLE: LeaseState = {
  holders: [],
  answerable: [],
  released: [],
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

/** Whether nobody needs the logs and no change is pending. */
export function isIdle({ holders, found }: LeaseState): boolean {
  return holders.length === 0 && isEmpty(found);
}

/** Whether a parameter is known to be as it was found. */
export function isAsFound({ has, found }: LeaseState, name: string): boolean {
  return has[name] === found[name];
}

/** Whether all is known to be as it was found. A lost change may still be carried out. */
export function isUnchanged(state: LeaseState): boolean {
  return Object.keys(state.found).every((name) => isAsFound(state, name));
}

/** The parameters that are needed and not leased yet. */
export function missing({ holders, found, offered }: LeaseState): string[] {
  return [...neededParameters(holders, offered)].filter((name) => !(name in found));
}

/** Until when any change may still be carried out; null when there is none. */
export function latest({ callUntil, lostUntil }: LeaseState): number | null {
  return latestOf(callUntil, lostUntil);
}

/** The ids of some captures. */
export function idsOf(captures: readonly Pick<Holder, "captureId">[]): number[] {
  return captures.map(({ captureId }) => captureId);
}

/** Whether there are no settings. */
export function isEmpty(settings: ParameterSettings): boolean {
  return Object.keys(settings).length === 0;
}

/** Settings but for those of some parameters. */
export function without(settings: ParameterSettings, names: readonly string[]): ParameterSettings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !names.includes(name)));
}
