import { describe, expect, it } from "vitest";
import type { AwsFailureKind } from "../../src/aws/error-codes.ts";
import type { ParameterSettings } from "../../src/environments/parameter-group.ts";
import { addHolder, answerIfNobody, removeHolder } from "../../src/leases/holders.ts";
import { IDLE, isIdle, type LeaseState } from "../../src/leases/lease-state.ts";
import { isOn, isSame } from "../../src/leases/needs.ts";
import { nextCall } from "../../src/leases/next-call.ts";
import {
  doubt,
  forgetIfDone,
  LATE_MS,
  MAX_RESETS,
  RESTORE_APPLIES_MS,
  SOON_AGAIN_MS,
  wasChecked,
  wasLost,
  wasNotRestored,
  wasRead,
  wasRefused,
} from "../../src/leases/state.ts";
import { leaseFormat } from "../../src/leases/stored-state.ts";
import { GENERAL_LOG_SWITCH } from "../../src/logs/general/switch.ts";
import { changed, general, sending } from "./transitions.ts";

const OFF: ParameterSettings = { general_log: "0", log_output: "TABLE" };
const ALREADY_ON: ParameterSettings = { general_log: "1", log_output: "TABLE,FILE" };
const UNSET: ParameterSettings = { general_log: null, log_output: null };

describe("a group that somebody may have changed", () => {
  const logging = () => changed(wasRead(addHolder(IDLE, general(1)), OFF), "logging", 0);

  it("is read at once, and left alone when it still logs, also when it logs to a table too", () => {
    const state = doubt(logging(), LATE_MS);
    expect(nextCall(state, LATE_MS)).toEqual({ do: "check", settings: GENERAL_LOG_SWITCH.on });
    expect(wasChecked(state, GENERAL_LOG_SWITCH.on, GENERAL_LOG_SWITCH.on, LATE_MS)).toEqual(logging());
    expect(wasChecked(state, GENERAL_LOG_SWITCH.on, ALREADY_ON, LATE_MS)).toEqual(logging());
  });

  it.each<[ParameterSettings, ParameterSettings]>([
    [{ log_output: "FILE" }, { log_output: "TABLE" }],
    [
      { general_log: "1", log_output: "NONE" },
      { general_log: "0", log_output: "NONE" },
    ],
    [{ general_log: "0", log_output: "FILE" }, OFF],
    [{ general_log: "1", log_output: "TABLE" }, OFF],
  ])(
    "to %j logs again, and is restored as %j: their values, and what was found of the rest",
    (theirs, back) => {
      let state = wasChecked(doubt(logging(), LATE_MS), GENERAL_LOG_SWITCH.on, theirs, LATE_MS);
      expect(nextCall(state, LATE_MS)).toEqual({
        do: "change",
        to: "logging",
        settings: GENERAL_LOG_SWITCH.on,
      });
      state = changed(state, "logging", LATE_MS);
      expect(state.since.general).toBe(LATE_MS);
      const last = nextCall(removeHolder(state, 1), LATE_MS);
      expect(last).toMatchObject({ do: "change", to: "found" });
      expect(last.do === "change" && isSame(last.settings, back)).toBe(true);
    },
  );

  it("that logged before the captures is read again, and what it has now is what was found", () => {
    const state = doubt(wasRead(addHolder(IDLE, general(1)), ALREADY_ON), 7);
    expect(nextCall(state, 7)).toEqual({ do: "read" });
    expect(nextCall(wasRead(state, OFF), 7)).toMatchObject({ do: "change", to: "logging" });
  });

  it("is read later while a lost change may still be carried out", () => {
    const state = wasLost(sending(wasRead(addHolder(IDLE, general(1)), OFF), "logging", 0));
    expect(doubt(state, 7)).toBe(state);
  });
});

describe("the next call to AWS", () => {
  it("is none while nobody needs the log", () => {
    expect(nextCall(IDLE, 0)).toEqual({ do: "rest" });
  });

  it("reads the group, then changes it, then is none", () => {
    let state = addHolder(IDLE, general(1));
    expect(nextCall(state, 0)).toEqual({ do: "read" });
    state = wasRead(state, {});
    expect(nextCall(state, 0)).toEqual({ do: "change", to: "logging", settings: GENERAL_LOG_SWITCH.on });
    state = changed(state, "logging", 0);
    expect(nextCall(state, 0)).toEqual({ do: "rest" });
  });

  it("restores what was found once the last capture is released, and not before", () => {
    let state = changed(wasRead(addHolder(addHolder(IDLE, general(1)), general(2)), OFF), "logging", 0);
    state = removeHolder(state, 1);
    expect(nextCall(state, 0)).toEqual({ do: "rest" });
    state = removeHolder(state, 2);
    expect(nextCall(state, 0)).toEqual({ do: "change", to: "found", settings: OFF });
    state = forgetIfDone(changed(state, "found", 7));
    expect(state).toEqual({ ...IDLE, restoredAt: 7 });
  });

  it("is none where logging was on already, neither then nor at the end", () => {
    const state = wasRead(addHolder(IDLE, general(1)), ALREADY_ON);
    expect(nextCall(state, 0)).toEqual({ do: "rest" });
    expect(forgetIfDone(removeHolder(state, 1))).toEqual(IDLE);
  });

  it("is none after a first change that AWS refused, once nobody needs the log", () => {
    const before = wasRead(addHolder(IDLE, general(1)), OFF);
    const state = wasRefused(sending(before, "logging", 0), before);
    expect(nextCall(state, 0)).toEqual({ do: "read" });
    expect(nextCall(removeHolder(state, 1), 0)).toEqual({ do: "rest" });
  });

  it("restores what was found after a first change whose answer was lost, and reads the group later", () => {
    const before = wasRead(addHolder(IDLE, general(1)), OFF);
    let state = removeHolder(wasLost(sending(before, "logging", 0)), 1);
    expect(nextCall(state, 0)).toEqual({ do: "change", to: "found", settings: OFF });
    state = changed(state, "found", 1000);
    expect(nextCall(state, 1000)).toEqual({ do: "wait", until: LATE_MS });
    expect(nextCall(state, LATE_MS)).toEqual({ do: "check", settings: OFF });
    expect(isIdle(forgetIfDone(wasChecked(state, OFF, {}, LATE_MS)))).toBe(true);
    // The lost change was carried out.
    expect(nextCall(wasChecked(state, OFF, GENERAL_LOG_SWITCH.on, LATE_MS), LATE_MS)).toMatchObject({
      do: "change",
      to: "found",
    });
  });

  it("never restores what a capture has set", () => {
    const state = sending(wasRead(addHolder(IDLE, general(1)), OFF), "logging", 0);
    expect(wasRead(state, GENERAL_LOG_SWITCH.on).found).toEqual(OFF);
    expect(forgetIfDone(removeHolder(state, 1)).found).toEqual(OFF);
  });

  it("after a refused change still restores what was found, while an earlier one may be carried out", () => {
    const lost = removeHolder(wasLost(sending(wasRead(addHolder(IDLE, general(1)), OFF), "logging", 0)), 1);
    const before = addHolder(changed(lost, "found", 0), general(2));
    expect(wasRefused(sending(before, "logging", 0), before).found).toEqual(OFF);
  });

  it.each([
    [{}, false],
    [{ general_log: "1" }, false],
    [{ general_log: "0", log_output: "FILE" }, false],
    [{ general_log: "1", log_output: "NONE" }, false],
    [{ general_log: "1", log_output: "FILE" }, true],
    [{ general_log: "ON", log_output: "TABLE,FILE" }, true],
  ])("takes %o for a log in files: %s", (settings, on) => {
    expect(isOn(settings)).toBe(on);
  });
});

/** A lease on a group without values of its own, that one capture held and released. */
const releasedBy = (captureId: number) =>
  removeHolder(changed(wasRead(addHolder(IDLE, general(captureId)), {}), "logging", 0), captureId);

describe("the next call to AWS where values can't be taken away", () => {
  /** What is asked, after a way to restore the group has failed. */
  function failing(state: LeaseState, kind: AwsFailureKind): LeaseState {
    const call = nextCall(state, 0);
    if (call.do !== "change") throw new Error(`It asks to ${call.do}`);
    return wasNotRestored(wasLost(sending(state, "found", 0)), call.settings, kind);
  }
  const settingsAskedOf = (state: LeaseState) => {
    const call = nextCall(state, 0);
    return call.do === "change" ? call.settings : call.do;
  };

  it("writes the defaults after the third failure, or the first denial", () => {
    let state = releasedBy(1);
    for (let failures = 0; failures < MAX_RESETS; failures++) {
      expect(settingsAskedOf(state)).toEqual(UNSET);
      state = failing(state, "unavailable");
    }
    expect(settingsAskedOf(state)).toEqual(GENERAL_LOG_SWITCH.defaults);
    expect(settingsAskedOf(failing(releasedBy(1), "denied"))).toEqual(GENERAL_LOG_SWITCH.defaults);
  });

  it("takes values away again, when the defaults could not be written either", () => {
    let state = failing(failing(releasedBy(1), "denied"), "denied");
    expect(settingsAskedOf(state)).toEqual(UNSET);
    state = failing(releasedBy(1), "unavailable");
    state = failing(failing(state, "unavailable"), "unavailable");
    state = failing(state, "unavailable");
    expect(settingsAskedOf(state)).toEqual(UNSET);
    // One more is enough from now on.
    expect(settingsAskedOf(failing(state, "unavailable"))).toEqual(GENERAL_LOG_SWITCH.defaults);
  });

  it("stays the same while AWS throttles", () => {
    let state = releasedBy(1);
    for (let i = 0; i < 10; i++) state = failing(state, "throttled");
    expect(settingsAskedOf(state)).toEqual(UNSET);
  });

  it("counts from 0 once logging was switched on again", () => {
    let state = failing(failing(releasedBy(1), "unavailable"), "unavailable");
    state = removeHolder(changed(addHolder(state, general(2)), "logging", 0), 2);
    expect(settingsAskedOf(failing(state, "unavailable"))).toEqual(UNSET);
  });
});

describe("who is answerable for a group", () => {
  const on = (state: LeaseState) => changed(state, "logging", 0);

  it("is who holds a lease on it, and the last one released until it is restored", () => {
    let state = addHolder(on(wasRead(addHolder(IDLE, general(1)), {})), general(2));
    expect(state.answerable).toEqual([1, 2]);
    state = removeHolder(state, 1);
    expect(state.answerable).toEqual([2]);
    state = removeHolder(state, 2);
    expect(state.answerable).toEqual([2]);
    expect(forgetIfDone(changed(state, "found", 0)).answerable).toEqual([]);
  });

  it("is who was released, until the log is on for another", () => {
    const owed = wasLost(sending(releasedBy(1), "found", 0));
    const state = addHolder(owed, general(2));
    expect(state.answerable).toEqual([1]);
    expect(on(state).answerable).toEqual([2]);
  });

  it("is nobody for whom AWS refused to switch it on", () => {
    const state = addHolder(wasLost(sending(releasedBy(1), "found", 0)), general(2));
    const refused = wasRefused(sending(state, "logging", 0), state);
    expect(removeHolder(refused, 2).answerable).toEqual([1]);
    const first = wasRead(addHolder(IDLE, general(1)), {});
    expect(wasRefused(sending(first, "logging", 0), first).answerable).toEqual([]);
  });

  it("is nobody where logging was on already", () => {
    expect(
      removeHolder(addHolder(wasRead(addHolder(IDLE, general(1)), ALREADY_ON), general(2)), 1).answerable,
    ).toEqual([]);
  });

  it("is the capture that is released, of a state that was stored by a version that did not store who", () => {
    const yesterday = {
      holders: [1],
      found: {},
      has: "logging",
      callUntil: null,
      lostUntil: null,
      loggingSince: 0,
      restoredAt: null,
    };
    const opened = leaseFormat.read(yesterday);
    expect(opened).toEqual({ ...on(wasRead(addHolder(IDLE, general(1)), {})), answerable: [] });
    expect(addHolder(opened, general(2)).answerable).toEqual([1, 2]);
    const owed = removeHolder(opened, 1);
    expect(answerIfNobody(owed, 1).answerable).toEqual([1]);
    expect(answerIfNobody(answerIfNobody(owed, 1), 8).answerable).toEqual([1]);
    expect(answerIfNobody(opened, 7)).toEqual(opened);
    expect(answerIfNobody(IDLE, 7)).toEqual(IDLE);
  });
});

describe("the time from which a log file counts", () => {
  const start = (restoredAt: number | null, now: number) =>
    sending(wasRead(addHolder({ ...IDLE, restoredAt }, general(1)), {}), "logging", now).since.general;

  it("is that of the change", () => {
    expect(start(null, 5000)).toBe(5000);
    expect(start(1000, 1000 + RESTORE_APPLIES_MS)).toBe(1000 + RESTORE_APPLIES_MS);
  });

  it("is later when logging has just been switched off: servers may be about to apply that", () => {
    expect(start(1000, 5000)).toBe(5000 + SOON_AGAIN_MS);
  });
});
