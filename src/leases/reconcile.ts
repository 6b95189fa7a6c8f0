import type { AwsFailure, AwsResult } from "../aws/client.ts";
import type { ParameterSettings } from "../environments/parameter-group.ts";
import type { LeaseState } from "./lease-state.ts";
import { isSame, type Offered, pick } from "./needs.ts";
import {
  type Change,
  changing,
  forgetIfDone,
  nextCall,
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

/** What came of a change: `lost` when it may have been carried out, in part or later, although AWS did not confirm it. */
export type Changed = { outcome: "accepted" } | { outcome: "refused" | "lost"; failure: LeaseFailure };

/** A parameter group as the loop needs it: the lease's state, which outlives a crash, and AWS. */
export interface LeasedGroup {
  now(): number;
  state(): LeaseState;
  /** Replaces the state at once; resolves when the new one would outlive a crash. */
  update(transition: (state: LeaseState) => LeaseState): Promise<void>;
  /** The values that the group has of its own. */
  read(): Promise<AwsResult<ParameterSettings>>;
  /** The same, and the slow log's optional parameters that the group has and that can be changed. */
  describe(): Promise<AwsResult<{ own: ParameterSettings; offered: NonNullable<Offered> }>>;
  /** Gives the group these values; null takes one away. */
  change(change: Change): Promise<Changed>;
}

/**
 * What came of it: the group is as it should be, or is to be read again at `until`; or AWS failed. If it failed while parameters
 * were restored that no holder needs, the holders have their logs all the same.
 */
export type Reconciled =
  | { ok: true; until: number | null }
  | { ok: false; failure: LeaseFailure; isRestoring: boolean };

/**
 * Makes one call to AWS after another until the group is as its holders need it, or AWS fails. Never to be run twice at once for
 * a group: a second change must not overtake the first. The holders may change meanwhile.
 */
export async function reconcile(group: LeasedGroup): Promise<Reconciled> {
  for (;;) {
    const before = group.state();
    const call = nextCall(before, group.now());
    switch (call.do) {
      case "rest":
        await group.update((state) => forgetIfDone(state, group.now()));
        // The holders may have changed while that was stored.
        if (nextCall(group.state(), group.now()).do === "rest") return { ok: true, until: null };
        break;
      case "wait":
        return { ok: true, until: call.until };
      case "read": {
        const read = await group.read();
        if (!read.ok) return failed(read.failure, "DescribeDBParameters");
        await group.update((state) => wasRead(state, read.value));
        break;
      }
      case "describe": {
        const described = await group.describe();
        if (!described.ok) return failed(described.failure, "DescribeDBParameters");
        const { own, offered } = described.value;
        await group.update((state) => wasRead(state, own, offered));
        break;
      }
      case "check": {
        const read = await group.read();
        if (!read.ok) return failed(read.failure, "DescribeDBParameters");
        await group.update((state) => wasChecked(state, call.settings, read.value, group.now()));
        break;
      }
      case "change": {
        const failure = await change(group, before, call);
        if (failure !== null) return { ok: false, failure, isRestoring: call.to === "found" };
      }
    }
  }
}

/** Makes a change. Returns why it failed, or null when it was made, or there is another way to be tried at once. */
async function change(group: LeasedGroup, before: LeaseState, wanted: Change): Promise<LeaseFailure | null> {
  const { to, settings } = wanted;
  // On disk before the call: after a crash from here on the state says that what the group has is unknown.
  await group.update((state) => changing(state, wanted, group.now()));
  const changed = await group.change(wanted);
  if (changed.outcome !== "accepted") {
    const { failure, outcome } = changed;
    if (to === "found" && failure.code.startsWith("DBParameterGroupNotFound")) {
      await group.update(wasDeleted);
      return null;
    }
    return notMade(failure, (state) => (outcome === "lost" ? wasLost(state) : wasRefused(state, before)));
  }
  const read = await group.read();
  if (read.ok && isSame(settings, pick(read.value, Object.keys(settings)), before.offered)) {
    await group.update((state) => wasChanged(state, wanted));
    return null;
  }
  if (read.ok) {
    const message = "AWS accepted a change of the parameter group but does not show it yet";
    const action = "rds:DescribeDBParameters";
    return notMade({ kind: "unavailable", code: "NotShown", operation: null, message, action }, wasNotShown);
  }
  await group.update(wasNotShown);
  return failed(read.failure, "DescribeDBParameters").failure;

  async function notMade(failure: LeaseFailure, transition: (state: LeaseState) => LeaseState) {
    await group.update((state) =>
      to === "found" ? wasNotRestored(transition(state), settings, failure.kind) : transition(state),
    );
    return !before.writesDefaults && group.state().writesDefaults ? null : failure;
  }
}

function failed(failure: AwsFailure, action: string): Extract<Reconciled, { ok: false }> {
  return { ok: false, failure: { ...failure, action: `rds:${action}` }, isRestoring: false };
}
