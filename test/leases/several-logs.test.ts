import { describe, expect, it } from "vitest";
import type { ParameterSettings } from "../../src/environments/parameter-group.ts";
import { addHolder, removeHolder } from "../../src/leases/holders.ts";
import { IDLE, type LeaseState } from "../../src/leases/lease-state.ts";
import { type Holder, pick } from "../../src/leases/needs.ts";
import { nextCall, owedBy } from "../../src/leases/next-call.ts";
import { doubt, forgetIfDone, LATE_MS, wasChecked, wasLost, wasRead } from "../../src/leases/state.ts";
import { leaseFormat } from "../../src/leases/stored-state.ts";
import { changed, general, sending } from "./transitions.ts";

const UNSET: ParameterSettings = { general_log: null, log_output: null };

describe("slow and general logs of one group", () => {
  const slow = (captureId: number, minDurationMicros = 0): Holder => ({
    captureId,
    log: "slow",
    minDurationMicros,
  });
  const OFFERED = { log_slow_extra: "0" };
  const SLOW = { slow_query_log: "1", long_query_time: "0", log_output: "FILE", log_slow_extra: "1" };
  const described = (holder: Holder, own: ParameterSettings = {}) =>
    wasRead(addHolder(IDLE, holder), own, OFFERED);
  /** What is asked next, in short. */
  const asked = (state: LeaseState) => {
    const call = nextCall(state, LATE_MS);
    return call.do === "change" ? [call.to, call.settings] : call.do;
  };

  it("need to know what the group offers before the slow log is switched on, once", () => {
    const state = addHolder(IDLE, slow(1));
    expect(asked(state)).toBe("describe");
    expect(asked(wasRead(state, {}))).toBe("describe");
    expect(asked(described(slow(1)))).toEqual(["logging", SLOW]);
    const on = changed(described(slow(1)), "logging", 0);
    expect(asked(addHolder(on, general(2)))).toBe("read");
    expect(asked(addHolder(on, slow(3)))).toBe("rest");
  });

  it("are restored one by one, when the last that needs each is released", () => {
    let state = changed(described(slow(1)), "logging", 0);
    state = changed(wasRead(addHolder(state, general(2)), {}), "logging", 1000);
    expect(state.since).toMatchObject({ general: 1000, slow: 0, threshold: 0 });
    state = removeHolder(state, 1);
    const back = { slow_query_log: null, long_query_time: null, log_slow_extra: null };
    expect(asked(state)).toEqual(["found", back]);
    state = forgetIfDone(changed(state, "found", 2000));
    expect(state.found).toEqual({ general_log: null, log_output: null });
    expect(state.since).toEqual({ general: 1000, slow: null, threshold: null, slowSeenOff: null });
    expect(asked(removeHolder(state, 2))).toEqual(["found", UNSET]);
  });

  it("get the smallest threshold of those who are left", () => {
    let state = changed(described(slow(1, 250_000)), "logging", 0);
    expect(state.has.long_query_time).toBe("0.25");
    state = changed(addHolder(state, slow(2)), "logging", 1000);
    expect(state.has.long_query_time).toBe("0");
    // No banner is written when only the threshold changes.
    expect(state.since).toMatchObject({ slow: 0, threshold: 1000 });
    state = changed(removeHolder(state, 2), "logging", 2000);
    expect(state.has.long_query_time).toBe("0.25");
    expect(asked(removeHolder(state, 1))).toEqual(["found", { ...pick({}, Object.keys(SLOW)) }]);
  });

  it("may be changed by others while nobody needs them: that is theirs", () => {
    let state = changed(wasRead(addHolder(IDLE, general(1)), {}), "logging", 0);
    // Somebody sets a threshold before the first capture that needs one.
    state = wasRead(addHolder(state, slow(2)), { long_query_time: "3", general_log: "1" }, OFFERED);
    expect(state.found).toMatchObject({ long_query_time: "3", general_log: null });
    state = changed(state, "logging", 1000);
    state = forgetIfDone(changed(removeHolder(state, 2), "found", 2000));
    expect(state.found).toEqual(UNSET);
  });

  it("that somebody has changed meanwhile are set again, and restored to theirs", () => {
    let state = changed(described(slow(1)), "logging", 0);
    state = doubt(state, LATE_MS);
    state = wasChecked(state, SLOW, { ...SLOW, long_query_time: "5", log_slow_extra: "0" }, LATE_MS);
    expect(state.since.slowSeenOff).toBe(LATE_MS);
    expect(asked(state)).toEqual(["logging", SLOW]);
    state = changed(state, "logging", LATE_MS);
    expect(state.since.slow).toBe(0);
    expect(asked(removeHolder(state, 1))).toEqual([
      "found",
      // The threshold is theirs, the others are as found: for `log_slow_extra`, no value and off mean the same.
      { slow_query_log: null, long_query_time: "5", log_output: null, log_slow_extra: null },
    ]);
  });

  it("that only add details are set again, and nothing was left out of the log without them", () => {
    let state = doubt(changed(described(slow(1)), "logging", 0), LATE_MS);
    state = wasChecked(state, SLOW, { ...SLOW, log_slow_extra: "0" }, LATE_MS);
    expect(state.since.slowSeenOff).toBeNull();
    expect(asked(state)).toEqual(["logging", SLOW]);
  });

  it("have a threshold of ours, not somebody's, where an earlier change arrives late", () => {
    let state = wasLost(sending(described(slow(1, 250_000)), "logging", 0));
    state = addHolder(state, slow(2));
    state = changed(state, "logging", 1000);
    state = wasChecked(state, state.has, { ...SLOW, long_query_time: "0.25" }, LATE_MS);
    expect(state.found.long_query_time).toBeNull();
    expect(asked(state)).toEqual(["logging", SLOW]);
  });

  it("leave those answerable whose parameters are not restored, although others hold the lease", () => {
    let state = changed(described(slow(1)), "logging", 0);
    state = changed(wasRead(addHolder(state, general(2)), {}), "logging", 0);
    expect(state.answerable).toEqual([1, 2]);
    state = removeHolder(state, 1);
    expect(state.answerable).toEqual([1, 2]);
    expect(Object.keys(owedBy(state, undefined)).sort()).toEqual([
      "log_slow_extra",
      "long_query_time",
      "slow_query_log",
    ]);
    expect(wasLost(sending(state, "found", 0)).answerable).toEqual([1, 2]);
    state = forgetIfDone(changed(state, "found", 0));
    expect(state.answerable).toEqual([2]);
    expect(owedBy(state, undefined)).toEqual({});
  });

  it("leave nobody answerable who was released, while another needs the same", () => {
    const state = changed(addHolder(described(slow(1)), slow(2, 1_000_000)), "logging", 0);
    expect(removeHolder(state, 1).answerable).toEqual([2]);
  });
});

describe("what version 1 of a lease's state says", () => {
  const V1 = {
    version: 1,
    holders: [4, 7],
    answerable: [4],
    found: { log_output: "NONE" },
    has: "unknown",
    callUntil: 120_000,
    lostUntil: null,
    loggingSince: 5,
    restoredAt: 3,
    failedResets: 2,
    writesDefaults: true,
  };

  it("is read as captures of the general log alone", () => {
    expect(leaseFormat.read(V1)).toEqual({
      holders: [general(4), general(7)],
      answerable: [4],
      released: [],
      found: { general_log: null, log_output: "NONE" },
      has: {},
      offered: null,
      sent: {},
      callUntil: 120_000,
      lostUntil: null,
      since: { general: 5, slow: null, threshold: null, slowSeenOff: null },
      restoredAt: 3,
      failedResets: 2,
      writesDefaults: true,
    });
    const has = (state: object) => leaseFormat.read({ ...V1, ...state }).has;
    expect(has({ has: "logging" })).toEqual({ general_log: "1", log_output: "FILE" });
    expect(has({ has: "found" })).toEqual({ general_log: null, log_output: "NONE" });
    expect(leaseFormat.read({ ...V1, holders: [], answerable: [], found: null, has: "found" })).toMatchObject(
      {
        holders: [],
        found: {},
        has: {},
      },
    );
  });

  it("is the same once it is stored in version 2", () => {
    const state = leaseFormat.read(V1);
    expect(leaseFormat.write(state).version).toBe(2);
    expect(leaseFormat.read(structuredClone(leaseFormat.write(state)))).toEqual(state);
  });
});
