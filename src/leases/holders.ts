import type { ParameterSettings } from "../environments/parameter-group.ts";
import {
  IDLE,
  idsOf,
  isAsFound,
  isIdle,
  type LeaseState,
  latest,
  type Released,
  without,
} from "./lease-state.ts";
import { type Holder, isLogSwitch, isOnFor, neededParameters, needsOne, pick } from "./needs.ts";

/*
 * Who holds the lease on a parameter group's logs, and who is answerable for what it has changed: the transitions that captures
 * make, as they begin and end. Pure.
 *
 * Captures of several environments, of people who know nothing of each other, may share a group. What a capture's end leaves to be
 * restored is restored with its own environment's access. Nobody is answerable any more for what a holder's log needs and has, if that
 * is of the same environment, or of one that is known to be able to change the group: it is that holder's by then. Until then who
 * has switched it on stays answerable beside the holder: that one may have access that can't restore anything.
 */

/** The most captures that a lease remembers: its state is one value of a Durable Object, which may have 2 MB. */
export const MAX_HOLDERS = 10_000;
/** The most released captures that it remembers: each is of a change that AWS has not confirmed, or that can't be undone. */
const MAX_RELEASED = 1000;

/** Whether a capture holds the lease. */
export function holds({ holders }: LeaseState, captureId: number): boolean {
  return holders.some((holder) => holder.captureId === captureId);
}

/** Whether there is room for a capture, if it does not hold the lease already. */
export function hasRoom(state: LeaseState, captureId: number): boolean {
  return state.holders.length < MAX_HOLDERS || holds(state, captureId);
}

/** Whether a capture that was released is answerable for a change that is not undone. */
export function owes({ released }: LeaseState, captureId: number): boolean {
  return released.some((holder) => holder.captureId === captureId);
}

/** Another capture needs a log. Asking twice is asking once. */
export function addHolder(state: LeaseState, holder: Holder): LeaseState {
  if (holds(state, holder.captureId)) return keepHolder(state, holder.captureId);
  const released = state.released.filter(({ captureId }) => captureId !== holder.captureId);
  const { envId } = holder;
  const isAble =
    envId !== undefined && state.holders.some((other) => other.envId === envId && other.canChange);
  const added: Holder = isAble ? { ...holder, canChange: true } : holder;
  return handOver({ ...state, holders: [...state.holders, added], released });
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
  const isIt = (holder: Holder) => holder.captureId === captureId;
  const released = state.answerable.includes(captureId) ? state.holders.filter(isIt) : [];
  return handOver({
    ...state,
    holders: state.holders.filter((holder) => !isIt(holder)),
    released: [...state.released, ...released.map((holder) => asReleased(holder, state))].slice(
      -MAX_RELEASED,
    ),
  });
}

/** A holder as one that is released. */
export function asReleased(
  holder: Holder,
  { found, offered }: Pick<LeaseState, "found" | "offered">,
): Released {
  const { captureId, envId } = holder;
  const names = [...neededParameters([holder], offered)].filter((name) => name in found);
  return { captureId, ...(envId === undefined ? {} : { envId }), names };
}

/**
 * Makes those answerable who have what they need by a change of the lease's, and nobody of the released whose parameters are all
 * restored, or needed by holders who are answerable and can change the group, or are of the same environment.
 */
export function handOver(state: LeaseState): LeaseState {
  const { holders, answerable, found, offered } = state;
  const already = new Set(answerable);
  const isLeased = (name: string) => name in found;
  const isChanged = (name: string) => !isAsFound(state, name);
  const holding = holders.filter((holder) =>
    already.has(holder.captureId)
      ? needsOne(holder, offered, isLeased)
      : isOnFor(holder, state) && needsOne(holder, offered, isChanged),
  );
  // While a lost change may be carried out, it may be of what is restored.
  const isSure = latest(state) === null;
  const isLeft = (name: string) => name in found && !(isSure && isAsFound(state, name));
  const leftOf = (each: Released) => {
    const heirs = holding.filter(({ envId, canChange }) => canChange || envId === each.envId);
    const covered = neededParameters(heirs, offered);
    return each.names.filter((name) => isLeft(name) && !covered.has(name));
  };
  const released = state.released
    .map((each) => ({ ...each, names: leftOf(each) }))
    .filter(({ names }) => names.length > 0);
  return { ...state, answerable: [...idsOf(released), ...idsOf(holding)], released };
}

/** An environment has changed the group, as AWS has confirmed. */
export function ableToChange(holders: readonly Holder[], envId: number | undefined): Holder[] {
  return holders.map((holder) =>
    envId !== undefined && holder.envId === envId ? { ...holder, canChange: true } : holder,
  );
}

/** Makes a capture answerable that was released, if nobody is: the version that stored the state did not store who is. */
export function answerIfNobody(state: LeaseState, captureId: number): LeaseState {
  const isPending = state.holders.length === 0 && !isIdle(state);
  if (!isPending || state.answerable.length > 0) return state;
  return { ...state, answerable: [captureId], released: [{ captureId, names: Object.keys(state.found) }] };
}

/**
 * Forgets released captures whose environments can't restore anything any more: what only they are answerable for stays as it is.
 * @returns also what is forgotten: what the group would have got back
 */
export function forgetReleased(
  state: LeaseState,
  captureIds: readonly number[],
): { state: LeaseState; forgotten: ParameterSettings } {
  const { holders, answerable, found, has, offered } = state;
  const released = state.released.filter(({ captureId }) => !captureIds.includes(captureId));
  // For a holder who is not answerable it is read again: what it has now is what was found.
  const answering = holders.filter(({ captureId }) => answerable.includes(captureId));
  const needed = neededParameters(answering, offered);
  const owed = new Set(released.flatMap(({ names }) => names));
  const names = Object.keys(found).filter((name) => !needed.has(name) && !owed.has(name));
  // A log that stays on goes on to where it goes: into a table it would be a load on the database.
  const staysOn = names.some((name) => isLogSwitch(name) && !isAsFound(state, name));
  const output = staysOn && "log_output" in found ? { log_output: has.log_output ?? "FILE" } : {};
  const kept = {
    ...state,
    released,
    found: { ...without(found, names), ...(names.includes("log_output") ? {} : output) },
    has: without(has, names),
  };
  const forgotten = pick(found, names);
  return { state: isIdle(kept) ? IDLE : handOver(kept), forgotten };
}

/** The captures of a state that an earlier version has stored without their environments. */
export function ofUnknownEnvironment({ holders, released }: LeaseState): number[] {
  return idsOf([...holders, ...released].filter(({ envId }) => envId === undefined));
}

/** Notes the environments of captures whose environments were not known. */
export function withEnvironments(state: LeaseState, environments: ReadonlyMap<number, number>): LeaseState {
  const known = <T extends Holder | Released>(capture: T): T => {
    const envId = capture.envId ?? environments.get(capture.captureId);
    return envId === undefined ? capture : { ...capture, envId };
  };
  return { ...state, holders: state.holders.map(known), released: state.released.map(known) };
}

/** The captures of an environment that hold the lease, and those that were released and are answerable. */
export function capturesOf(
  { holders, released }: LeaseState,
  envId: number | undefined,
): { holding: number[]; released: number[] } {
  const isOf = (capture: Holder | Released) => capture.envId === envId;
  return { holding: idsOf(holders.filter(isOf)), released: idsOf(released.filter(isOf)) };
}
