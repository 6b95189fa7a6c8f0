import type { AwsFailure, AwsResult } from "../aws/client.ts";
import type { ParameterSettings } from "../environments/parameter-group.ts";
import type { LeaseState } from "./lease-state.ts";
import { isSame, type Offered, pick } from "./needs.ts";
import { type Change, type EnvId, nextCall, type SignedCall } from "./next-call.ts";
import {
  changing,
  forgetIfDone,
  wasChanged,
  wasChecked,
  wasDeleted,
  wasLost,
  wasNotRestored,
  wasNotShown,
  wasRead,
  wasRefused,
} from "./state.ts";

/** A failure of AWS, and the IAM action that was asked for. */
export type LeaseFailure = AwsFailure & { action: string };

/**
 * What came of a change: `lost` when it may have been carried out, in part or later, although AWS did not confirm it. `isSent` is
 * whether the call that failed was sent at all: an environment's access may fail before.
 */
export type Changed =
  | { outcome: "accepted" }
  | { outcome: "refused" | "lost"; failure: LeaseFailure; isSent: boolean };

/**
 * A parameter group as the loop needs it: the lease's state, which outlives a crash, and AWS, which is asked with the access of an
 * environment.
 */
export interface LeasedGroup {
  now(): number;
  state(): LeaseState;
  /** Replaces the state at once; resolves when the new one would outlive a crash. */
  update(transition: (state: LeaseState) => LeaseState): Promise<void>;
  /** The values that the group has of its own. */
  read(by: EnvId): Promise<AwsResult<ParameterSettings>>;
  /** The same, and the slow log's optional parameters that the group has and that can be changed. */
  describe(by: EnvId): Promise<AwsResult<{ own: ParameterSettings; offered: NonNullable<Offered> }>>;
  /** Gives the group these values; null takes one away. */
  change(change: Change): Promise<Changed>;
}

/** How AWS failed an environment. If that was while parameters were restored, its captures have their logs all the same. */
export interface EnvironmentFailure {
  failure: LeaseFailure;
  isRestoring: boolean;
}

/** What came of it. */
export interface Reconciled {
  /** When the group is to be read again, since a change whose answer was lost may be carried out until then; null when it need not be. */
  until: number | null;
  /** How AWS failed each environment that it failed: its part is not done. */
  failures: ReadonlyMap<EnvId, EnvironmentFailure>;
}

/**
 * Makes one call to AWS after another until the group is as its holders need it. Where AWS fails an environment, the others' part is
 * done all the same. Never to be run twice at once for a group: a second change must not overtake the first. The holders may change
 * meanwhile.
 * @param mayAsk whose access may be used
 */
export async function reconcile(group: LeasedGroup, mayAsk: (envId: EnvId) => boolean): Promise<Reconciled> {
  const failures = new Map<EnvId, EnvironmentFailure>();
  const next = (state: LeaseState) =>
    nextCall(state, group.now(), (envId) => mayAsk(envId) && !failures.has(envId));
  const isOver = ({ do: what }: ReturnType<typeof next>) => what === "rest" || what === "stop";
  for (;;) {
    const before = group.state();
    const call = next(before);
    switch (call.do) {
      case "rest":
      case "stop":
        await group.update(forgetIfDone);
        // The holders may have changed while that was stored.
        if (isOver(next(group.state()))) return { until: null, failures };
        break;
      case "wait":
        return { until: call.until, failures };
      default: {
        const failed = await make(group, before, call);
        if (failed !== null) failures.set(call.by, failed);
      }
    }
  }
}

/** Makes a call. Returns how it failed, or null when it was made, or there is another way to be tried at once. */
async function make(
  group: LeasedGroup,
  before: LeaseState,
  call: SignedCall,
): Promise<EnvironmentFailure | null> {
  switch (call.do) {
    case "read": {
      const read = await group.read(call.by);
      if (!read.ok) return notRead(read.failure);
      await group.update((state) => wasRead(state, read.value));
      return null;
    }
    case "describe": {
      const described = await group.describe(call.by);
      if (!described.ok) return notRead(described.failure);
      const { own, offered } = described.value;
      await group.update((state) => wasRead(state, own, offered));
      return null;
    }
    case "check": {
      const read = await group.read(call.by);
      if (!read.ok) return notRead(read.failure);
      await group.update((state) => wasChecked(state, call.settings, read.value, group.now()));
      return null;
    }
    case "change": {
      const failure = await change(group, before, call);
      return failure && { failure, isRestoring: call.to === "found" };
    }
  }
}

/** Makes a change. Returns why it failed, or null when it was made, or there is another way to be tried at once. */
async function change(group: LeasedGroup, before: LeaseState, wanted: Change): Promise<LeaseFailure | null> {
  const { to, settings, by } = wanted;
  // On disk before the call: after a crash from here on the state says that what the group has is unknown.
  await group.update((state) => changing(state, wanted, group.now()));
  const changed = await group.change(wanted);
  if (changed.outcome !== "accepted") {
    const { failure, outcome, isSent } = changed;
    if (to === "found" && failure.code.startsWith("DBParameterGroupNotFound")) {
      await group.update(wasDeleted);
      return null;
    }
    return notMade(
      failure,
      (state) => (outcome === "lost" ? wasLost(state) : wasRefused(state, before)),
      isSent,
    );
  }
  const read = await group.read(by);
  if (read.ok && isSame(settings, pick(read.value, Object.keys(settings)), before.offered)) {
    await group.update((state) => wasChanged(state, wanted));
    return null;
  }
  if (read.ok) {
    const message = "AWS accepted a change of the parameter group but does not show it yet";
    return notMade(
      { kind: "unavailable", code: "NotShown", operation: null, message, action: READ },
      wasNotShown,
    );
  }
  await group.update(wasNotShown);
  return { ...read.failure, action: READ };

  async function notMade(
    failure: LeaseFailure,
    transition: (state: LeaseState) => LeaseState,
    isSent = true,
  ) {
    await group.update((state) =>
      to === "found" && isSent
        ? wasNotRestored(transition(state), settings, failure.kind)
        : transition(state),
    );
    return !before.writesDefaults && group.state().writesDefaults ? null : failure;
  }
}

const READ = "rds:DescribeDBParameters";

function notRead(failure: AwsFailure): EnvironmentFailure {
  return { failure: { ...failure, action: READ }, isRestoring: false };
}
