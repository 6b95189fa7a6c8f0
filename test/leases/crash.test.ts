import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { REVIEW_MS } from "../../src/leases/lease.ts";
import { LATE_MS } from "../../src/leases/state.ts";
import { GENERAL_LOG_SWITCH } from "../../src/logs/general/switch.ts";
import { environmentForEachTest } from "../support/each-test.ts";
import {
  CALL_CUT_OFF_MS,
  cutOffDuring,
  GroupLease,
  leaseAlarmOf,
  leaseOf,
  recordLease,
  runLeaseAlarm,
  startingCapture,
  storedBy,
} from "../support/leases.ts";
import { travel } from "../support/time.ts";

const OFF = { general_log: "0", log_output: "TABLE" };

// Each test has an account, and so a group and a lease, of its own.
const own = environmentForEachTest();
let lease: GroupLease;

beforeEach(async () => {
  lease = await GroupLease.of(own);
});

// An alarm that is still set would run during the next test.
afterEach(() => abortAllDurableObjects());

/** The calls to AWS in the life of a lease, in order, and how many of the same action come before. */
const CALLS = [
  ["the first look", "DescribeDBParameters", 0],
  ["the change", "ModifyDBParameterGroup", 0],
  ["the look at the change", "DescribeDBParameters", 1],
] as const;

describe("a crash", () => {
  it.each(CALLS)("during %s leaves the log off or on as captures need it", async (_, action, earlier) => {
    // Carried out a while after the object is gone.
    for (let i = 0; i < earlier; i++) await own.aws.fault({ kind: "delay", action, delayMs: 0, times: 1 });
    await own.aws.fault({ kind: "delay", action, delayMs: 300, times: 1 });
    const cutOff = lease.acquire(1).catch(() => "cut off");
    await expect.poll(async () => await storedBy(lease.group)).toBeGreaterThan(0);
    await scheduler.wait(150);
    await abortAllDurableObjects();
    expect(await cutOff).toBe("cut off");
    // In case the capture never asks again.
    expect(await leaseAlarmOf(lease.group)).toBeGreaterThan(Date.now());
    expect(await lease.acquire(2)).toMatchObject({ ok: true });
    expect(await lease.holders()).toEqual([1, 2]);
    await scheduler.wait(300);
    await lease.release(2);
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    await lease.release(1);
    await lease.settleDown();
    expect(await lease.settings()).toEqual({});
    expect(await storedBy(lease.group)).toBe(0);
  });

  it.each([
    ["the change", "ResetDBParameterGroup"],
    ["the look at the change", "DescribeDBParameters"],
  ])("during %s that restores the group is repaired by the alarm", async (_, action) => {
    await lease.acquire(1);
    await cutOffDuring(own.aws, action, () => lease.release(1));
    expect(await leaseAlarmOf(lease.group)).toBeGreaterThan(Date.now());
    // Not only at the next review.
    expect(await leaseAlarmOf(lease.group)).toBeLessThan(Date.now() + REVIEW_MS / 2);
    await scheduler.wait(CALL_CUT_OFF_MS);
    await lease.settleDown();
    expect(await lease.settings()).toEqual({});
    expect(await storedBy(lease.group)).toBe(0);
  });

  it("between two captures forgets nothing", async () => {
    await lease.set(OFF);
    await lease.acquire(1);
    await evictDurableObject(leaseOf(lease.group));
    await lease.acquire(2);
    await abortAllDurableObjects();
    await lease.release(1);
    await abortAllDurableObjects();
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    await lease.release(2);
    expect(await lease.settings()).toEqual(OFF);
  });
});

describe("an answer of AWS", () => {
  it.each(["throttle", "server-error", "garbage", "hang", "reset"] as const)(
    "that fails (%s) leaves the change to be tried again, and nothing behind",
    async (kind) => {
      await own.aws.fault({ kind, action: "ModifyDBParameterGroup", times: 1 });
      expect(await lease.acquire(1)).toMatchObject({ ok: false });
      expect(await lease.acquire(1)).toMatchObject({ ok: true });
      expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
      await own.aws.fault({ kind, action: "ResetDBParameterGroup", times: 1 });
      expect(await lease.release(1)).toBe(false);
      await runLeaseAlarm(lease.group);
      await lease.settleDown();
      expect(await lease.settings()).toEqual({});
      expect(await storedBy(lease.group)).toBe(0);
    },
  );

  it("that is lost after the change was made: the group is read before the change is made again", async () => {
    await own.aws.fault({ kind: "reset", afterBytes: 5, action: "ModifyDBParameterGroup", times: 1 });
    expect(await lease.acquire(1)).toMatchObject({ ok: false, failure: { kind: "timeout" } });
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    // The capture stops trying: what AWS did all the same is undone.
    expect(await lease.release(1)).toBe(false);
    await lease.settleDown();
    expect(await lease.settings()).toEqual({});
  });

  it("that is lost, the change being made after the log was restored: the log is restored again", async () => {
    await own.aws.fault({ kind: "delay", delayMs: 2600, action: "ModifyDBParameterGroup", times: 1 });
    expect(await lease.acquire(1)).toMatchObject({ ok: false, failure: { code: "Timeout" } });
    expect(await lease.release(1)).toBe(false);
    expect(await lease.settings()).toEqual({});
    await expect.poll(() => lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    await travel(own.aws, LATE_MS);
    await runLeaseAlarm(lease.group);
    expect(await lease.settings()).toEqual({});
    await lease.settleDown();
    expect(await storedBy(lease.group)).toBe(0);
  });

  it("that is lost, the log being switched off under a capture: it is switched on again", async () => {
    const id = await startingCapture(own.admin, own.environment);
    await recordLease(id, lease.group);
    await lease.acquire(1);
    await own.aws.fault({ kind: "delay", delayMs: 2600, action: "ResetDBParameterGroup", times: 1 });
    expect(await lease.release(1)).toBe(false);
    expect(await lease.acquire({ id })).toMatchObject({ ok: true });
    await expect.poll(() => lease.settings()).toEqual({});
    await travel(own.aws, LATE_MS);
    await runLeaseAlarm(lease.group);
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    await lease.release({ id });
    await lease.settleDown();
    expect(await lease.settings()).toEqual({});
  });
});
