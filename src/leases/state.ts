import * as z from "zod";
import type { AwsFailureKind } from "../aws/client.ts";
import { type LogSettings, logSettingsSchema } from "../environments/parameter-group.ts";
import { lazy } from "../lib/lazy.ts";
import { storedFormat } from "../lib/stored.ts";
import { GENERAL_LOG_SWITCH } from "../logs/general/switch.ts";

/*
 * The state of the lease on a parameter group's general log. Pure transitions, each from one state to the next, told the time;
 * the loop in reconcile.ts does what `nextCall` says, and stores every state before the call that follows from it.
 *
 * AWS may carry out a change whose answer is lost, at once or a while later. So a change counts only when AWS accepted it and
 * then showed it; and while a lost one may still arrive, the group is read once more after that.
 */

const { defaults: DEFAULTS, on: LOG_ON } = GENERAL_LOG_SWITCH;

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

/** What a group is to have: the log switched on for captures, or what was found. */
export type Wanted = "logging" | "found";

/** A lease's state as it is stored. */
const leaseSchema = lazy(() =>
  z.object({
    /** The captures that need the log. */
    holders: z.array(z.number()).readonly(),
    /**
     * The captures for which a lease has, or may have, switched the log on: with the credentials of their environments the group
     * is restored. One that was released stays among them until a holder is answerable instead.
     */
    answerable: z.array(z.number()).readonly().default([]),
    /** What the group had before the first change; null while nothing is, or may be, changed. */
    found: logSettingsSchema().nullable(),
    /** What the group has now: unknown while a change is under way, or when its answer was lost. */
    has: z.enum(["logging", "found", "unknown"] as const satisfies (Wanted | "unknown")[]),
    /** Until when the change that is under way may still be carried out; null when there is none. */
    callUntil: z.number().nullable(),
    /** Until when earlier changes whose answers were lost may still be carried out; null when there are none. */
    lostUntil: z.number().nullable(),
    /** Log files that were written after this were written under the last change that switched logging on. */
    loggingSince: z.number().nullable(),
    /** When the group was last restored. Kept after that, for RESTORE_APPLIES_MS. */
    restoredAt: z.number().nullable(),
    /** How often AWS has failed to take values away since logging was switched on. */
    failedResets: z.number().default(0),
    /** Whether to restore by writing the defaults, because values can't be taken away. */
    writesDefaults: z.boolean().default(false),
  }),
);

/** Who needs the log of a parameter group, and what is known of the group. */
export type LeaseState = Readonly<z.output<ReturnType<typeof leaseSchema>>>;

/** How a lease's state is stored. */
export const leaseFormat = storedFormat("lease's state", 1, leaseSchema);

/** Nobody needs the log, and it is as it was found. */
export const IDLE: LeaseState = {
  holders: [],
  answerable: [],
  found: null,
  has: "found",
  callUntil: null,
  lostUntil: null,
  loggingSince: null,
  restoredAt: null,
  failedResets: 0,
  writesDefaults: false,
};

/** The longest that AWS may take to carry out a change whose answer was lost. */
export const LATE_MS = 2 * 60_000;
/** After so many failed attempts to take values away the defaults are written instead, so that the log does not stay on. */
export const MAX_RESETS = 3;
/** For how long servers may still be about to apply what was restored. A change after that need not wait for it. */
export const RESTORE_APPLIES_MS = 60_000;
/** A log that is switched on again so soon counts only so much later: what is written before may be the one that is about to end. */
export const SOON_AGAIN_MS = 15_000;

/** What to ask of AWS next; `rest` when all is as it should be. */
export type LeaseCall =
  /** What the group has: nothing of it is changed yet. */
  | { do: "read" }
  | { do: "change"; to: Wanted; settings: LogSettings }
  /** Whether the group still has what it should: no lost change can be carried out any more. */
  | { do: "check"; settings: LogSettings }
  | { do: "wait"; until: number }
  | { do: "rest" };

/** The most captures that a lease remembers: its state is one value of a Durable Object, which may have 2 MB. */
export const MAX_HOLDERS = 10_000;

/** Whether there is room for a capture, if it does not hold the lease already. */
export function hasRoom({ holders }: LeaseState, captureId: number): boolean {
  return holders.length < MAX_HOLDERS || holders.includes(captureId);
}

/**
 * Somebody may have changed the group since it was last read, such as when its log is silent: it is to be read again. While a
 * change may still be carried out, the group will be read again anyway.
 */
export function doubt(state: LeaseState, now: number): LeaseState {
  const { found, has } = state;
  if (found === null || latest(state) !== null) return state;
  // Nothing was changed: what it has now becomes what was found.
  if (isOn(found)) return { ...state, found: null };
  return has === "logging" ? { ...state, lostUntil: now } : state;
}

/** Another capture needs the log. Asking twice is asking once. */
export function addHolder(state: LeaseState, captureId: number): LeaseState {
  if (state.holders.includes(captureId)) return state;
  return handOver({ ...state, holders: [...state.holders, captureId] });
}

/** A capture does not need the log any more. It stays answerable for the group if nobody else is. */
export function removeHolder(state: LeaseState, captureId: number): LeaseState {
  return handOver({ ...state, holders: state.holders.filter((id) => id !== captureId) });
}

/** Makes only holders answerable, once one of them is. */
function handOver(state: LeaseState): LeaseState {
  const { has, holders, answerable } = state;
  // The log is on, and so it is for each of them.
  const holding = has === "logging" ? holders : answerable.filter((id) => holders.includes(id));
  return holding.length > 0 ? { ...state, answerable: holding } : state;
}

/** Makes a capture answerable that was released, if nobody is: the version that stored the state did not store who is. */
export function answerIfNobody(state: LeaseState, captureId: number): LeaseState {
  const isPending = state.holders.length === 0 && !isIdle(state);
  return isPending && state.answerable.length === 0 ? { ...state, answerable: [captureId] } : state;
}

/** Decides what has to be asked of AWS. */
export function nextCall(state: LeaseState, now: number): LeaseCall {
  const { holders, found, has } = state;
  if (found === null) return holders.length > 0 ? { do: "read" } : { do: "rest" };
  // Logging that was on before the first capture stays on, and is nobody's to touch.
  if (isOn(found)) return { do: "rest" };
  const to = holders.length > 0 ? "logging" : "found";
  const settings = to === "logging" ? LOG_ON : state.writesDefaults ? { ...DEFAULTS, ...found } : found;
  if (has !== to) return { do: "change", to, settings };
  const until = latest(state);
  if (until === null) return { do: "rest" };
  return now < until ? { do: "wait", until } : { do: "check", settings };
}

/** AWS said what the group has. Kept only before the first change, so that what a capture set is never taken for found. */
export function wasRead(state: LeaseState, found: LogSettings): LeaseState {
  return state.found === null ? { ...state, found, has: "found" } : state;
}

/** A change is about to be sent: until it is answered, nobody knows what the group has. */
export function changing(state: LeaseState, to: Wanted, now: number): LeaseState {
  const { restoredAt, answerable, holders } = state;
  const isSoon = restoredAt !== null && now < restoredAt + RESTORE_APPLIES_MS;
  return {
    ...state,
    has: "unknown",
    // The change of a process that crashed may still be carried out.
    lostUntil: latest(state),
    callUntil: now + LATE_MS,
    ...(to === "logging"
      ? {
          loggingSince: isSoon ? now + SOON_AGAIN_MS : now,
          // From now on the log may be on for them.
          answerable: [...new Set([...answerable, ...holders])].slice(-MAX_HOLDERS),
          failedResets: 0,
          writesDefaults: false,
        }
      : { loggingSince: null, restoredAt: now }),
  };
}

/** AWS accepted a change, and then showed it. */
export function wasChanged(state: LeaseState, to: Wanted): LeaseState {
  return handOver({ ...state, has: to, callUntil: null });
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
  const { has, loggingSince, restoredAt, answerable } = before;
  const refused = handOver({ ...state, has, loggingSince, restoredAt, answerable, callUntil: null });
  // Nothing was ever changed, so others may change it meanwhile: it is read again.
  return has === "found" && refused.lostUntil === null
    ? { ...refused, found: null, answerable: [] }
    : refused;
}

/** The answer to a change was lost: it was carried out, or will be, or not. */
export function wasLost(state: LeaseState): LeaseState {
  return { ...state, has: "unknown", lostUntil: latest(state), callUntil: null };
}

/**
 * A change to what was found did not work, as `wasRefused`, `wasLost` or `wasNotShown` have noted. Where values were to be
 * taken away and that is not allowed, or has failed often, the defaults are written next; should that fail too, taking away
 * is tried again.
 * @param settings what the group was to have
 * @param kind how AWS failed
 */
export function wasNotRestored(state: LeaseState, settings: LogSettings, kind: AwsFailureKind): LeaseState {
  const takesAway = Object.keys(DEFAULTS).some((name) => settings[name as keyof LogSettings] === undefined);
  if (!takesAway) return { ...state, writesDefaults: false };
  // Throttled: AWS is to be asked less, not more.
  if (kind === "throttled") return state;
  const failedResets = state.failedResets + 1;
  return { ...state, failedResets, writesDefaults: kind === "denied" || failedResets >= MAX_RESETS };
}

/** AWS said what the group has, after the last moment at which a lost change could be carried out. */
export function wasChecked(state: LeaseState, should: LogSettings, is: LogSettings): LeaseState {
  const checked = { ...state, lostUntil: null, callUntil: null };
  if (isSame(should, is) || (isOn(should) && isOn(is))) return checked;
  const { found } = state;
  return { ...checked, has: "unknown", found: found && isOn(should) ? withTheirs(found, is) : found };
}

/** What to restore in a group whose log somebody has switched off meanwhile: what they have set, and what was found of the rest. */
function withTheirs(found: LogSettings, is: LogSettings): LogSettings {
  const names = ["general_log", "log_output"] as const;
  const theirs = names.map((name) => [name, is[name] === LOG_ON[name] ? found[name] : is[name]] as const);
  const wanted: LogSettings = Object.fromEntries(theirs.filter(([, value]) => value !== undefined));
  return isSame(found, wanted) ? found : wanted;
}

/** The group does not exist any more: there is nothing to restore, and a later group of its name is another. */
export function wasDeleted(state: LeaseState): LeaseState {
  return { ...IDLE, holders: state.holders };
}

/** Forgets what was found, once there is nothing left to do and nobody needs the log. */
export function forgetIfDone(state: LeaseState, now: number): LeaseState {
  const isDone = state.holders.length === 0 && nextCall(state, now).do === "rest";
  return isDone ? { ...IDLE, restoredAt: state.restoredAt } : state;
}

/** Whether nobody needs the log and no change is pending. */
export function isIdle({ holders, found }: LeaseState): boolean {
  return holders.length === 0 && found === null;
}

function latest({ callUntil, lostUntil }: LeaseState): number | null {
  return callUntil === null && lostUntil === null ? null : Math.max(callUntil ?? 0, lostUntil ?? 0);
}
