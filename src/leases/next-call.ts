import type { ParameterSettings } from "../environments/parameter-group.ts";
import { isAsFound, isEmpty, type LeaseState, latest, missing, without } from "./lease-state.ts";
import {
  defaultOf,
  type Holder,
  isLogSwitch,
  isNeeded,
  mayBeOnFor,
  neededParameters,
  neededSettings,
  needsOne,
  pick,
} from "./needs.ts";

/*
 * What to ask of AWS next about a parameter group, and for which environment: that one's access signs the call, and no other's.
 * Pure.
 *
 * A parameter that captures need is the business of their environments: each sees to it that its own captures have what they
 * need. One that nobody needs any more is that of the environments whose captures are answerable for it, the last one's first. So no
 * environment's access does anything that its own captures do not call for.
 */

/** An environment's id; undefined while that is not known. */
export type EnvId = number | undefined;

/** What a change gives a group: values that switch logs on for captures, or what was found. */
export type Wanted = "logging" | "found";

/** A change of some parameters; null takes a parameter's value away. */
export interface Change {
  to: Wanted;
  settings: ParameterSettings;
  /** The environment that it is for. */
  by: EnvId;
}

/** A call to AWS, and the environment that it is for. */
export type SignedCall = { by: EnvId } & (
  | /** What the group has of parameters that are not leased yet: nothing of them is changed. */
  { do: "read" }
  /** The same, and what the group offers of the slow log's optional parameters. */
  | { do: "describe" }
  | ({ do: "change" } & Change)
  /** Whether the group still has what it should: no lost change can be carried out any more. */
  | { do: "check"; settings: ParameterSettings }
);

/** What to do next. */
export type LeaseCall =
  | SignedCall
  | { do: "wait"; until: number }
  /** All is as it should be. */
  | { do: "rest" }
  /** What is left to do is for environments that can't be asked now. */
  | { do: "stop" };

const EVERYBODY = () => true;

/**
 * Decides what to ask of AWS. Logs are switched on for those who need them before others are restored.
 * @param mayAsk whether an environment can be asked now
 */
export function nextCall(
  state: LeaseState,
  now: number,
  mayAsk: (envId: EnvId) => boolean = EVERYBODY,
): LeaseCall {
  let isWanted = false;
  for (const call of wantedCalls(state)) {
    isWanted = true;
    if (mayAsk(call.by)) return call;
  }
  const until = latest(state);
  if (until === null || isEmpty(state.found)) return { do: isWanted ? "stop" : "rest" };
  if (now < until) return { do: "wait", until };
  const looker = [...state.holders, ...state.released.toReversed()].find(({ envId }) => mayAsk(envId));
  return looker === undefined ? { do: "stop" } : { do: "check", settings: state.has, by: looker.envId };
}

/** All calls that one or another environment would make now, the first to be made first. */
function* wantedCalls(state: LeaseState): Generator<SignedCall> {
  const { holders, offered } = state;
  if (offered === null) {
    for (const holder of holders) {
      if (isNeeded([holder], "slow") || holder.hasOwnDefaults) yield { do: "describe", by: holder.envId };
    }
  }
  const lacking = missing(state);
  if (lacking.length > 0) {
    const isLacking = (name: string) => lacking.includes(name);
    for (const holder of holders)
      if (needsOne(holder, offered, isLacking)) yield { do: "read", by: holder.envId };
  }
  for (const by of environmentsOf(holders)) {
    const settings = loggingFor(state, by);
    const isOn = Object.entries(settings).every(([name, value]) => state.has[name] === value);
    if (!isOn) yield { do: "change", to: "logging", settings, by };
  }
  yield* restoringCalls(state);
}

/**
 * The values that a group is to have of the parameters that an environment's captures need. Captures of others for which the logs
 * may be on count too: they keep what they have, such as a lower threshold.
 */
function loggingFor(state: LeaseState, envId: EnvId): ParameterSettings {
  const { holders, answerable, found, offered } = state;
  const own = holders.filter((holder) => holder.envId === envId);
  const answering = new Set(answerable);
  const kept = holders.filter(
    (holder) => holder.envId === envId || (answering.has(holder.captureId) && mayBeOnFor(holder, state)),
  );
  const settings = neededSettings({ holders: kept, found, offered });
  const needed = neededParameters(own, offered);
  return without(
    settings,
    Object.keys(settings).filter((name) => !needed.has(name)),
  );
}

/** The changes that restore what no capture needs to be otherwise. */
function* restoringCalls(state: LeaseState): Generator<SignedCall> {
  const back = without(state.found, Object.keys(neededSettings(state)));
  const names = Object.keys(back).filter((name) => !isAsFound(state, name));
  if (names.length === 0) return;
  const lastOf = (name: string) => state.released.findLast((each) => each.names.includes(name))?.envId;
  // Each parameter is first the business of whose capture was released last of it, then of others who are answerable for it too.
  const shares = restorers(state).map((by) => ({ by, own: ownOf(state, by, names) }));
  const first = shares.map(({ by, own }) => ({ by, own: own.filter((name) => lastOf(name) === by) }));
  for (const { by, own } of [...first, ...shares]) {
    // Another environment's log that is still on would go to a table from then on.
    const isEarly = names.some((name) => isLogSwitch(name) && !own.includes(name));
    const settings = pick(back, isEarly ? own.filter((name) => name !== "log_output") : own);
    if (isEmpty(settings)) continue;
    const written = state.writesDefaults ? withDefaults(state, settings) : settings;
    yield { do: "change", to: "found", settings: written, by };
  }
}

/** The environments that may have something to restore: those of the last released captures first. */
function restorers({ holders, released }: LeaseState): EnvId[] {
  return environmentsOf([...released.toReversed(), ...holders]);
}

/** Which of some parameters an environment is to restore: those that its holders need, and those of its released captures alone. */
function ownOf(state: LeaseState, envId: EnvId, names: readonly string[]): string[] {
  const { holders, released, offered } = state;
  const needed = neededParameters(holders, offered);
  const own = neededParameters(
    holders.filter((holder) => holder.envId === envId),
    offered,
  );
  const left = new Set(released.filter((each) => each.envId === envId).flatMap((each) => each.names));
  return names.filter((name) => (needed.has(name) ? own.has(name) : left.has(name)));
}

function withDefaults({ offered }: LeaseState, settings: ParameterSettings): ParameterSettings {
  const values = Object.entries(settings).map(([name, value]) => [name, value ?? defaultOf(name, offered)]);
  return Object.fromEntries(values);
}

/** What a group is to have again of the parameters that no holder needs: what an environment's released captures owe. */
export function owedBy(state: LeaseState, envId: EnvId): ParameterSettings {
  const { holders, found, offered } = state;
  const owed = without(found, [...neededParameters(holders, offered)]);
  return pick(owed, ownOf(state, envId, Object.keys(owed)));
}

/** The environments of some captures, each once. */
export function environmentsOf(captures: readonly Pick<Holder, "envId">[]): EnvId[] {
  return [...new Set(captures.map(({ envId }) => envId))];
}
