import type { AwsFailureKind } from "../aws/client.ts";
import type { ParameterSettings } from "../environments/parameter-group.ts";
import { SLOW_LOG_DETAILS } from "../logs/slow/switch.ts";
import { IDLE, type LeaseState } from "./lease-state.ts";
import { latestOf, NEVER, newIn, sinceChange, sinceRestored } from "./log-times.ts";
import {
  defaultOf,
  type Holder,
  isEnough,
  isNeeded,
  isSameValue,
  neededParameters,
  neededSettings,
  slowParameters,
} from "./needs.ts";

/*
 * The transitions of the lease on a parameter group's logs. They are pure, each from one state to the next, told the time; the loop
 * in reconcile.ts does what `nextCall` says, and stores every state before the call that follows from it.
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

/** What a change gives a group: values that switch logs on for captures, or what was found. */
export type Wanted = "logging" | "found";

/** A change of some parameters; null takes a parameter's value away. */
export interface Change {
  to: Wanted;
  settings: ParameterSettings;
}

/** What to ask of AWS next; `rest` when all is as it should be. */
export type LeaseCall =
  /** What the group has of parameters that are not leased yet: nothing of them is changed. */
  | { do: "read" }
  /** The same, and what the group offers of the slow log's optional parameters. */
  | { do: "describe" }
  | ({ do: "change" } & Change)
  /** Whether the group still has what it should: no lost change can be carried out any more. */
  | { do: "check"; settings: ParameterSettings }
  | { do: "wait"; until: number }
  | { do: "rest" };

/** The most captures that a lease remembers: its state is one value of a Durable Object, which may have 2 MB. */
export const MAX_HOLDERS = 10_000;

/** Whether a capture holds the lease. */
export function holds({ holders }: LeaseState, captureId: number): boolean {
  return holders.some((holder) => holder.captureId === captureId);
}

/** Whether there is room for a capture, if it does not hold the lease already. */
export function hasRoom(state: LeaseState, captureId: number): boolean {
  return state.holders.length < MAX_HOLDERS || holds(state, captureId);
}

/**
 * Somebody may have changed the group since it was last read, such as when its log is silent: it is to be read again. While a
 * change may still be carried out, the group will be read again anyway.
 */
export function doubt(state: LeaseState, now: number): LeaseState {
  if (isEmpty(state.found) || nextCall(state, now).do !== "rest") return state;
  // Nothing was changed: what it has now becomes what was found.
  return isUnchanged(state) ? { ...state, found: {}, has: {} } : { ...state, lostUntil: now };
}

/** Another capture needs a log. Asking twice is asking once. */
export function addHolder(state: LeaseState, holder: Holder): LeaseState {
  if (holds(state, holder.captureId)) return keepHolder(state, holder.captureId);
  return handOver({ ...state, holders: [...state.holders, holder] });
}

/** A holder that asks again needs its log still. */
function keepHolder(state: LeaseState, captureId: number): LeaseState {
  const holders = state.holders.map((holder) => {
    if (holder.captureId !== captureId || holder.leavesAt === undefined) return holder;
    const { leavesAt: _, ...kept } = holder;
    return kept;
  });
  return { ...state, holders };
}

/**
 * A capture has ended. Until a time its logs stay on as if it had not: one that begins meanwhile finds them on. Saying it twice does
 * not make that later.
 */
export function letLeave(state: LeaseState, captureId: number, at: number): LeaseState {
  const holders = state.holders.map((holder) =>
    holder.captureId === captureId ? { ...holder, leavesAt: Math.min(at, holder.leavesAt ?? at) } : holder,
  );
  return { ...state, holders };
}

/** The longest that logs stay on after a capture has ended. A time further ahead is of a clock that was wrong. */
export const MAX_GRACE_MS = 10 * 60_000;

/** The captures that have ended and whose logs need not stay on any longer. */
export function leavers({ holders }: LeaseState, now: number): number[] {
  const isOver = ({ leavesAt }: Holder) =>
    leavesAt !== undefined && (leavesAt <= now || leavesAt > now + MAX_GRACE_MS);
  return idsOf(holders.filter(isOver));
}

/** When the next capture leaves; null when none is about to. */
export function nextLeaving({ holders }: LeaseState): number | null {
  const times = holders.map(({ leavesAt }) => leavesAt).filter((time) => time !== undefined);
  return times.length === 0 ? null : Math.min(...times);
}

/** A capture does not need its log any more. It stays answerable for what it needed if nobody else is. */
export function removeHolder(state: LeaseState, captureId: number): LeaseState {
  return handOver({ ...state, holders: state.holders.filter((holder) => holder.captureId !== captureId) });
}

/** Makes only holders answerable, once they are for everything that is changed. */
function handOver(state: LeaseState): LeaseState {
  const { holders, answerable, found, offered } = state;
  if (holders.length === 0) return state;
  // All that the holders need is on: each of them is answerable for it.
  if (isAsWanted(state) && !isUnchanged(state)) return { ...state, answerable: idsOf(holders) };
  const holding = holders.filter(({ captureId }) => answerable.includes(captureId));
  const covered = neededParameters(holding, offered);
  const isCovered = Object.keys(found).every((name) => covered.has(name) || isAsFound(state, name));
  return holding.length > 0 && isCovered ? { ...state, answerable: idsOf(holding) } : state;
}

/** Makes a capture answerable that was released, if nobody is: the version that stored the state did not store who is. */
export function answerIfNobody(state: LeaseState, captureId: number): LeaseState {
  const isPending = state.holders.length === 0 && !isIdle(state);
  return isPending && state.answerable.length === 0 ? { ...state, answerable: [captureId] } : state;
}

/** Decides what has to be asked of AWS. Logs are switched on for those who need them before others are restored. */
export function nextCall(state: LeaseState, now: number): LeaseCall {
  if (isUndescribed(state)) return { do: "describe" };
  if (missing(state).length > 0) return { do: "read" };
  const { on, back } = targets(state);
  if (!hasAll(state, on)) return { do: "change", to: "logging", settings: on };
  const settings = Object.fromEntries(Object.entries(back).filter(([name]) => !isAsFound(state, name)));
  if (!isEmpty(settings)) {
    return {
      do: "change",
      to: "found",
      settings: state.writesDefaults ? withDefaults(state, settings) : settings,
    };
  }
  const until = latest(state);
  if (until === null || isEmpty(state.found)) return { do: "rest" };
  return now < until ? { do: "wait", until } : { do: "check", settings: state.has };
}

/** The parameters that are needed and not leased yet. */
function missing({ holders, found, offered }: LeaseState): string[] {
  return [...neededParameters(holders, offered)].filter((name) => !(name in found));
}

/** What the leased parameters are to have: what captures need, and for the others what was found. */
function targets(state: LeaseState): { on: ParameterSettings; back: ParameterSettings } {
  const on = neededSettings(state);
  return { on, back: without(state.found, Object.keys(on)) };
}

/** Whether the group is known to have some settings. */
function hasAll({ has }: LeaseState, settings: ParameterSettings): boolean {
  return Object.entries(settings).every(([name, value]) => has[name] === value);
}

/** Whether a parameter is known to be as it was found. */
function isAsFound({ has, found }: LeaseState, name: string): boolean {
  return has[name] === found[name];
}

/** Whether all is known to be as it was found. A lost change may still be carried out. */
export function isUnchanged(state: LeaseState): boolean {
  return Object.keys(state.found).every((name) => isAsFound(state, name));
}

/** Whether all is known to be as it should. */
function isAsWanted(state: LeaseState): boolean {
  const { on, back } = targets(state);
  return !isUndescribed(state) && missing(state).length === 0 && hasAll(state, { ...back, ...on });
}

/** Whether it is not known yet what the group offers to those who need the slow log. */
function isUndescribed({ holders, offered }: LeaseState): boolean {
  return offered === null && isNeeded(holders, "slow");
}

function withDefaults({ offered }: LeaseState, settings: ParameterSettings): ParameterSettings {
  const values = Object.entries(settings).map(([name, value]) => [name, value ?? defaultOf(name, offered)]);
  return Object.fromEntries(values);
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
export function changing(state: LeaseState, { to, settings }: Change, now: number): LeaseState {
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
          answerable: [...new Set([...answerable, ...idsOf(holders)])].slice(-MAX_HOLDERS),
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
export function wasChanged(state: LeaseState, { to, settings }: Change): LeaseState {
  const has = Object.entries(settings).map(([name, value]) => [
    name,
    to === "found" ? (state.found[name] ?? null) : value,
  ]);
  return handOver(answered({ ...state, has: { ...state.has, ...Object.fromEntries(has) } }));
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
  const refused = handOver(answered({ ...state, has, since, restoredAt, answerable }));
  if (refused.lostUntil !== null) return refused;
  // Others may change meanwhile what was never changed here: it is read again.
  const untouched = Object.keys(refused.found).filter((name) => isAsFound(refused, name));
  const kept = {
    ...refused,
    found: without(refused.found, untouched),
    has: without(refused.has, untouched),
  };
  return isEmpty(kept.found) ? { ...kept, answerable: [] } : kept;
}

/** The answer to a change was lost: it was carried out, or will be, or not. */
export function wasLost(state: LeaseState): LeaseState {
  return { ...state, lostUntil: latest(state), callUntil: null };
}

/**
 * A change to what was found did not work, as `wasRefused`, `wasLost` or `wasNotShown` have noted. Where values were to be
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
  const { on } = targets(state);
  const is = (name: string) => own[name] ?? null;
  const isSet = (name: string) => isSameValue(name, is(name), should[name] ?? null, state.offered);
  const isFine = (name: string) =>
    isSet(name) || (name in on && isEnough(name, is(name), should[name] ?? null));
  if (names.every(isFine)) return checked;
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
  return { ...checked, found, has, since };
}

/** Whether a value is what was found, or one that a change of the lease's may have set. */
function isOurs({ found, sent, offered }: LeaseState, name: string, value: string | null): boolean {
  if (isSameValue(name, value, found[name] ?? null, offered)) return true;
  return value !== null && (sent[name] ?? []).includes(value);
}

/** The group does not exist any more: there is nothing to restore, and a later group of its name is another. */
export function wasDeleted(state: LeaseState): LeaseState {
  return { ...IDLE, holders: state.holders };
}

/** Forgets what was found of parameters that nobody needs, once there is nothing left to do for them. */
export function forgetIfDone(state: LeaseState, now: number): LeaseState {
  if (nextCall(state, now).do !== "rest") return state;
  const { holders, offered, found, has, restoredAt, since } = state;
  if (holders.length === 0) return { ...IDLE, restoredAt };
  const needed = neededParameters(holders, offered);
  const others = Object.keys(found).filter((name) => !needed.has(name));
  const kept = { ...state, found: without(found, others), has: without(has, others) };
  return handOver(
    isNeeded(holders, "slow") ? kept : { ...kept, since: { ...NEVER, general: since.general } },
  );
}

/** Whether nobody needs the logs and no change is pending. */
export function isIdle({ holders, found }: LeaseState): boolean {
  return holders.length === 0 && isEmpty(found);
}

/** What a group is to have again of the parameters that no holder needs: what those owe who were released. */
export function owedSettings({ holders, found, offered }: LeaseState): ParameterSettings {
  return without(found, [...neededParameters(holders, offered)]);
}

/** Until when any change may still be carried out; null when there is none. */
const latest = ({ callUntil, lostUntil }: LeaseState) => latestOf(callUntil, lostUntil);
const idsOf = (holders: readonly Holder[]) => holders.map(({ captureId }) => captureId);
const isEmpty = (settings: ParameterSettings) => Object.keys(settings).length === 0;

function without(settings: ParameterSettings, names: readonly string[]): ParameterSettings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !names.includes(name)));
}
