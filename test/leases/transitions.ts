/** Transitions of a lease's state as AWS's answers lead to them. */

import type { LeaseState } from "../../src/leases/lease-state.ts";
import type { Holder } from "../../src/leases/needs.ts";
import { type Change, nextCall, type Wanted } from "../../src/leases/next-call.ts";
import { changing, wasChanged } from "../../src/leases/state.ts";

/** A capture of the general log. */
export const general = (captureId: number): Holder => ({ captureId, log: "general", minDurationMicros: 0 });

/** The change that is to be made next. */
export function nextChange(state: LeaseState, to: Wanted): Change {
  const call = nextCall(state, Number.MAX_SAFE_INTEGER);
  if (call.do !== "change" || call.to !== to) throw new Error(`It is not to change to ${to}: ${call.do}`);
  return { to, settings: call.settings, by: call.by };
}
/** The state in which the next change is sent. */
export const sending = (state: LeaseState, to: Wanted, now: number) =>
  changing(state, nextChange(state, to), now);
/** The state after the next change, which AWS has accepted and shown. */
export const changed = (state: LeaseState, to: Wanted, now: number) =>
  wasChanged(sending(state, to, now), nextChange(state, to));
