import type { AwsFailureKind } from "../aws/error-codes.ts";
import type { ParameterSettings } from "../environments/parameter-group.ts";
import { SLOW_LOG_DETAILS } from "../logs/slow/switch.ts";
import { ableToChange, asReleased, handOver, holds } from "./holders.ts";
import {
  IDLE,
  idsOf,
  isAsFound,
  isEmpty,
  isUnchanged,
  type LeaseState,
  latest,
  missing,
  type Released,
  without,
} from "./lease-state.ts";
import { NEVER, newIn, sinceChange, sinceRestored } from "./log-times.ts";
import {
  isEnough,
  isNeeded,
  isSameValue,
  neededParameters,
  neededSettings,
  slowParameters,
} from "./needs.ts";
import { type Change, type EnvId, nextCall } from "./next-call.ts";

/*
 * The transitions of the lease on a parameter group's logs that AWS's answers make. They are pure, each from one state to the next,
 * told the time; the loop in reconcile.ts does what `nextCall` says, and stores every state before the call that follows from it.
 *
 * A parameter is leased from the moment at which it is read for the first capture that needs it until it has its value back after
 * the last. In between others may change it, and what they set is theirs.
 *
 * AWS may carry out a change whose answer is lost, at once or a while later. So a change counts only when AWS accepted it and
 * then showed it; and while a lost one may still arrive, the group is read once more after that.
 */

/** The longest that AWS may take to carry out a change whose answer was lost. */
export const LATE_MS = 2 * 60_000;
/** After so many failed attempts to take values away the defaults are written instead, so that a log does not stay on. */
export const MAX_RESETS = 3;
/** For how long servers may still be about to apply what was restored. A change after that need not wait for it. */
export const RESTORE_APPLIES_MS = 60_000;
/** A log that is switched on again so soon counts only so much later: what is written before may be the one that is about to end. */
export const SOON_AGAIN_MS = 15_000;

/**
 * Somebody may have changed the group since it was last read, such as when its log is silent: it is to be read again. While a
 * change may still be carried out, or its own captures do not have what they need, it will be read again anyway.
 * @param envId the environment that doubts
 */
export function doubt(state: LeaseState, now: number, envId?: EnvId): LeaseState {
  const { do: next } = nextCall(state, now, (by) => by === envId);
  if (isEmpty(state.found) || (next !== "rest" && next !== "stop")) return state;
  // Nothing was changed: what it has now becomes what was found.
  return isUnchanged(state) ? { ...state, found: {}, has: {} } : { ...state, lostUntil: now };
}

/**
 * AWS said what the group has. Kept only of parameters that are not leased yet, so that what a capture set is never taken for
 * found.
 * @param own all values that the group has of its own
 * @param offered the optional parameters that can be changed, with what holds where the group has no value of its own
 */
export function wasRead(state: LeaseState, own: ParameterSettings, offered = state.offered): LeaseState {
  const read = { ...state, offered };
  const added = Object.fromEntries(missing(read).map((name) => [name, own[name] ?? null]));
  return handOver({ ...read, found: { ...state.found, ...added }, has: { ...state.has, ...added } });
}

/** A change is about to be sent: until it is answered, nobody knows what the group has. */
export function changing(state: LeaseState, { to, settings, by }: Change, now: number): LeaseState {
  const { restoredAt, answerable, holders } = state;
  const isSoon = restoredAt !== null && now < restoredAt + RESTORE_APPLIES_MS;
  return {
    ...state,
    // Unknown are only the values that the change makes new: the others stay the same, whether it is carried out or not.
    has: without(state.has, newIn(settings, state)),
    // The change of a process that crashed may still be carried out.
    lostUntil: latest(state),
    callUntil: now + LATE_MS,
    ...(to === "logging"
      ? {
          since: sinceChange(state, settings, isSoon ? now + SOON_AGAIN_MS : now),
          sent: withSent(state.sent, settings),
          // From now on the logs may be on for them.
          answerable: [...new Set([...answerable, ...idsOf(holders.filter(({ envId }) => envId === by))])],
          failedResets: 0,
          writesDefaults: false,
        }
      : { since: sinceRestored(state.since, settings), restoredAt: now }),
  };
}

function withSent(sent: LeaseState["sent"], settings: ParameterSettings): LeaseState["sent"] {
  const added = Object.entries(settings).map(([name, value]) => [
    name,
    [...new Set([...(sent[name] ?? []), ...(value === null ? [] : [value])])].slice(-MAX_SENT),
  ]);
  return { ...sent, ...Object.fromEntries(added) };
}

/** More values than captures ask for within the time that a lost change may take. */
const MAX_SENT = 100;

/** AWS accepted a change, and then showed it. */
export function wasChanged(state: LeaseState, { to, settings, by }: Change): LeaseState {
  const has = Object.entries(settings).map(([name, value]) => [
    name,
    to === "found" ? (state.found[name] ?? null) : value,
  ]);
  // What is restored next may be another environment's, which may be allowed to take values away.
  const writesDefaults = to === "logging" && state.writesDefaults;
  const holders = ableToChange(state.holders, by);
  return handOver(
    answered({ ...state, holders, has: { ...state.has, ...Object.fromEntries(has) }, writesDefaults }),
  );
}

/** No answer is awaited any more. */
function answered(state: LeaseState): LeaseState {
  return { ...state, callUntil: null, sent: state.lostUntil === null ? {} : state.sent };
}

/** AWS accepted a change, but did not show it afterwards: it has to be made again. */
export function wasNotShown(state: LeaseState): LeaseState {
  return answered(state);
}

/**
 * AWS refused a change: the group has what it had before.
 * @param before the state that the change was decided in
 */
export function wasRefused(state: LeaseState, before: LeaseState): LeaseState {
  const { has, since, restoredAt, answerable } = before;
  const answering = { answerable, released: stillReleased(state, before) };
  const refused = handOver(answered({ ...state, has, since, restoredAt, ...answering }));
  if (refused.lostUntil !== null) return refused;
  // Others may change meanwhile what was never changed here: it is read again.
  const untouched = Object.keys(refused.found).filter((name) => isAsFound(refused, name));
  return handOver({
    ...refused,
    found: without(refused.found, untouched),
    has: without(refused.has, untouched),
  });
}

/** Who was released, of those who were answerable before: some may have seemed to be covered by the change that was refused. */
function stillReleased(state: LeaseState, before: LeaseState): readonly Released[] {
  const held = before.holders.filter(({ captureId }) => before.answerable.includes(captureId));
  const all = [...before.released, ...held.map((holder) => asReleased(holder, before))].filter(
    ({ captureId }) => !holds(state, captureId),
  );
  const order = idsOf(state.released);
  return all.sort((a, b) => order.indexOf(a.captureId) - order.indexOf(b.captureId));
}

/** The answer to a change was lost: it was carried out, or will be, or not. */
export function wasLost(state: LeaseState): LeaseState {
  return { ...state, lostUntil: latest(state), callUntil: null };
}

/**
 * A change to what was found was sent and did not work, as `wasRefused`, `wasLost` or `wasNotShown` have noted. Where values were to be
 * taken away and that is not allowed, or has failed often, the defaults are written next; should that fail too, taking away
 * is tried again.
 * @param settings what the group was to have
 * @param kind how AWS failed
 */
export function wasNotRestored(
  state: LeaseState,
  settings: ParameterSettings,
  kind: AwsFailureKind,
): LeaseState {
  const takesAway = Object.values(settings).includes(null);
  if (!takesAway) return { ...state, writesDefaults: false };
  // Throttled: AWS is to be asked less, not more.
  if (kind === "throttled") return state;
  const failedResets = state.failedResets + 1;
  return { ...state, failedResets, writesDefaults: kind === "denied" || failedResets >= MAX_RESETS };
}

/**
 * AWS said what the group has, after the last moment at which a lost change could be carried out.
 * @param should what it was to have
 * @param own all values that it has of its own
 */
export function wasChecked(
  state: LeaseState,
  should: ParameterSettings,
  own: ParameterSettings,
  now: number,
): LeaseState {
  const checked = { ...state, lostUntil: null, callUntil: null, sent: {} };
  const names = Object.keys(should).filter((name) => name in state.found);
  const needed = neededParameters(state.holders, state.offered);
  const on = neededSettings(state);
  const is = (name: string) => own[name] ?? null;
  const isSet = (name: string) => isSameValue(name, is(name), should[name] ?? null, state.offered);
  const isFine = (name: string) =>
    isSet(name) || (name in on && isEnough(name, is(name), should[name] ?? null, state.offered));
  if (names.every(isFine)) return handOver(checked);
  const has: Record<string, string | null> = { ...state.has };
  const found: Record<string, string | null> = { ...state.found };
  for (const name of names) {
    if (isSet(name)) continue;
    has[name] = is(name);
    // If nobody needs the parameter, its value comes from a lost change that was carried out, and is not what was found.
    if (needed.has(name) && !isOurs(state, name, is(name))) found[name] = is(name);
  }
  const slow = slowParameters(state.offered);
  const leavesOut = (name: string) => slow.includes(name) && !SLOW_LOG_DETAILS.has(name) && !isFine(name);
  const isSlowOff = isNeeded(state.holders, "slow") && names.some(leavesOut);
  const since = isSlowOff ? { ...state.since, slowSeenOff: now } : state.since;
  return handOver({ ...checked, found, has, since });
}

/** Whether a value is what was found, or one that a change of the lease's may have set. */
function isOurs({ found, sent, offered }: LeaseState, name: string, value: string | null): boolean {
  if (isSameValue(name, value, found[name] ?? null, offered)) return true;
  return value !== null && (sent[name] ?? []).includes(value);
}

/** The group does not exist any more: there is nothing to restore, and a later group of its name is another. */
export function wasDeleted(state: LeaseState): LeaseState {
  return { ...IDLE, holders: state.holders.map(({ canChange: _, ...holder }) => holder) };
}

/** Forgets what was found of parameters that nobody needs and that are restored, once no lost change can be carried out. */
export function forgetIfDone(state: LeaseState): LeaseState {
  if (latest(state) !== null) return state;
  const { holders, offered, restoredAt, since } = state;
  const needed = neededParameters(holders, offered);
  const done = Object.keys(state.found).filter((name) => !needed.has(name) && isAsFound(state, name));
  const found = without(state.found, done);
  if (holders.length === 0 && isEmpty(found)) return { ...IDLE, restoredAt };
  const kept = { ...state, found, has: without(state.has, done) };
  const isSlow = isNeeded(holders, "slow") || "slow_query_log" in found;
  return handOver(isSlow ? kept : { ...kept, since: { ...NEVER, general: since.general } });
}
