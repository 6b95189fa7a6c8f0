import * as z from "zod";
import { storedFormat } from "../stored.ts";

/*
 * What a parameter group's general log is to be, decided from who needs it. Pure verbs, each from one state to the next, told
 * the time; the loop in lease-settle.ts does what `nextCall` says, and stores every state before the call that follows from it.
 *
 * AWS may carry a change out whose answer is lost, at once or a while later. So a change counts only when AWS said yes and
 * then showed it; and while a lost one may still arrive, what the group has is looked at once more.
 */

const settingsSchema = z.object({
  /** `1` or `0`; absent where the group has no value of its own and the engine's holds: off. */
  general_log: z.string().exactOptional(),
  /** `FILE`, `TABLE`, both parted by a comma, or `NONE`; absent where RDS's own value holds: `TABLE`. */
  log_output: z.string().exactOptional(),
});

/** The two parameters that decide whether an instance writes a general log that RDS lets one download. */
export type LogSettings = z.output<typeof settingsSchema>;

/** What a capture needs. */
export const LOGGING_ON = { general_log: "1", log_output: "FILE" } as const satisfies LogSettings;
/** What holds where a group has no value of its own. */
export const DEFAULTS = { general_log: "0", log_output: "TABLE" } as const satisfies LogSettings;

/** Whether a general log is written to files. */
export function isOn(settings: LogSettings): boolean {
  const { general_log, log_output } = { ...DEFAULTS, ...settings };
  return /^(1|on)$/i.test(general_log) && log_output.toUpperCase().split(",").includes("FILE");
}

/** Whether two settings come to the same for the servers. */
export function isSame(a: LogSettings, b: LogSettings): boolean {
  const [one, other] = [
    { ...DEFAULTS, ...a },
    { ...DEFAULTS, ...b },
  ];
  return one.general_log === other.general_log && one.log_output === other.log_output;
}

/** How a group can be wanted: logging for captures, or as it was found. */
export type Wanted = "logging" | "found";

/** A lease's state as it is stored. */
const leaseSchema = z.object({
  /** The captures that need it. */
  holders: z.array(z.number()).readonly(),
  /** What the group had before the first of them; null while nothing of it is or may be changed. */
  found: settingsSchema.nullable(),
  /** What the group is known to have. Not known while a change is under way, or when its answer was lost. */
  has: z.enum(["logging", "found", "unknown"] as const satisfies (Wanted | "unknown")[]),
  /** Until when the change that is under way may arrive at AWS; null when none is. */
  callUntil: z.number().nullable(),
  /** Until when earlier changes may still arrive whose answers were lost; null when there are none. */
  lostUntil: z.number().nullable(),
  /** Log files that were written after this were written under the last change that switched logging on. */
  loggingSince: z.number().nullable(),
  /** When the group was last given back what was found. Outlives that. */
  restoredAt: z.number().nullable(),
});

/** Who needs the log of a parameter group, and what is known of the group. */
export type LeaseState = Readonly<z.output<typeof leaseSchema>>;

/** How a lease's state is stored. */
export const leaseFormat = storedFormat("lease's state", 1, leaseSchema);

/** Nobody needs the log, and it is as it was found. */
export const IDLE: LeaseState = {
  holders: [],
  found: null,
  has: "found",
  callUntil: null,
  lostUntil: null,
  loggingSince: null,
  restoredAt: null,
};

/** The longest that AWS may take to carry out a change that it was sent and whose answer was lost. */
export const LATE_MS = 2 * 60_000;
/** For how long servers may still be about to apply what was restored. A change after that need not wait for it. */
export const RESTORE_APPLIES_MS = 60_000;
/** How much longer a log that is switched on again so soon is not trusted: it may be the one that is about to end. */
export const SOON_AGAIN_MS = 15_000;

/** What to ask of AWS next; `rest` when all is as it should be. */
export type LeaseCall =
  /** What the group has: nothing of it is changed yet. */
  | { do: "read" }
  | { do: "change"; to: Wanted; settings: LogSettings }
  /** Whether the group still has what it should, now that no lost change can arrive any more. */
  | { do: "check"; settings: LogSettings }
  | { do: "wait"; until: number }
  | { do: "rest" };

/** The most captures that a lease remembers: its state is one value of a Durable Object, which may have 2 MB. */
export const MAX_HOLDERS = 10_000;

/** Whether there is room for a capture, if it does not hold the lease already. */
export function hasRoom({ holders }: LeaseState, captureId: number): boolean {
  return holders.length < MAX_HOLDERS || holders.includes(captureId);
}

/** Another capture needs the log. Asking twice is asking once. */
export function hold(state: LeaseState, captureId: number): LeaseState {
  return state.holders.includes(captureId) ? state : { ...state, holders: [...state.holders, captureId] };
}

/** A capture needs the log no more. */
export function letGo(state: LeaseState, captureId: number): LeaseState {
  return { ...state, holders: state.holders.filter((id) => id !== captureId) };
}

/** Decides what has to be asked of AWS. */
export function nextCall(state: LeaseState, now: number): LeaseCall {
  const { holders, found, has } = state;
  if (found === null) return holders.length > 0 ? { do: "read" } : { do: "rest" };
  // Logging that was on before the first capture stays on, and is nobody's to touch.
  if (isOn(found)) return { do: "rest" };
  const to = holders.length > 0 ? "logging" : "found";
  const settings = to === "logging" ? LOGGING_ON : found;
  if (has !== to) return { do: "change", to, settings };
  const until = latest(state);
  if (until === null) return { do: "rest" };
  return now < until ? { do: "wait", until } : { do: "check", settings };
}

/** AWS said what the group has. Noted only before the first change, so that what a capture set is never taken for found. */
export function wasRead(state: LeaseState, found: LogSettings): LeaseState {
  return state.found === null ? { ...state, found, has: "found" } : state;
}

/** A change is about to be sent: until it is answered, nobody knows what the group has. */
export function changing(state: LeaseState, to: Wanted, now: number): LeaseState {
  const { restoredAt } = state;
  const isSoon = restoredAt !== null && now < restoredAt + RESTORE_APPLIES_MS;
  return {
    ...state,
    has: "unknown",
    // One that a crash has left behind may still arrive.
    lostUntil: latest(state),
    callUntil: now + LATE_MS,
    ...(to === "logging"
      ? { loggingSince: isSoon ? now + SOON_AGAIN_MS : now }
      : { loggingSince: null, restoredAt: now }),
  };
}

/** AWS accepted a change, and then showed it. */
export function wasChanged(state: LeaseState, to: Wanted): LeaseState {
  return { ...state, has: to, callUntil: null };
}

/** AWS accepted a change, but did not show it afterwards: it has to be made again. */
export function wasNotShown(state: LeaseState): LeaseState {
  return { ...state, callUntil: null };
}

/**
 * AWS refused a change: the group has what it had before.
 * @param before the state that the change was decided in
 */
export function wasRefused(state: LeaseState, before: LeaseState): LeaseState {
  const { has, loggingSince, restoredAt } = before;
  const refused = { ...state, has, loggingSince, restoredAt, callUntil: null };
  // Nothing was ever changed, so what was found may be another's to change meanwhile: it is read anew.
  return has === "found" && refused.lostUntil === null ? { ...refused, found: null } : refused;
}

/** The answer to a change was lost: it may have been carried out, or will be, or not. */
export function wasLost(state: LeaseState): LeaseState {
  return { ...state, has: "unknown", lostUntil: latest(state), callUntil: null };
}

/** AWS said what the group has, after the last moment at which a lost change could arrive. */
export function wasChecked(state: LeaseState, should: LogSettings, is: LogSettings): LeaseState {
  const checked = { ...state, lostUntil: null, callUntil: null };
  return isSame(should, is) ? checked : { ...checked, has: "unknown" };
}

/** The group is not there any more: there is nothing to restore, and the next group of its name is another. */
export function wasDeleted(state: LeaseState): LeaseState {
  return { ...IDLE, holders: state.holders };
}

/** Nothing is left to do and nobody needs the log: what was found need not be remembered. */
export function settled(state: LeaseState, now: number): LeaseState {
  const isDone = state.holders.length === 0 && nextCall(state, now).do === "rest";
  return isDone ? { ...IDLE, restoredAt: state.restoredAt } : state;
}

/** Whether nobody needs the log and nothing is owed to the group. */
export function isIdle({ holders, found }: LeaseState): boolean {
  return holders.length === 0 && found === null;
}

function latest({ callUntil, lostUntil }: LeaseState): number | null {
  return callUntil === null && lostUntil === null ? null : Math.max(callUntil ?? 0, lostUntil ?? 0);
}
