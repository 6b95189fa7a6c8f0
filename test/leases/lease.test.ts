import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HOURLY_FOR_MS, REVIEW_MS } from "../../src/leases/lease.ts";
import { MAX_RESETS, RESTORE_APPLIES_MS } from "../../src/leases/state.ts";
import { ALARM_GRACE_MS } from "../../src/lib/alarms.ts";
import { GENERAL_LOG_SWITCH } from "../../src/logs/general/switch.ts";
import { environmentForEachTest } from "../support/each-test.ts";
import {
  changesOf,
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
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

// Each test has an account, and so a group and a lease, of its own.
const own = environmentForEachTest();
let lease: GroupLease;

beforeEach(async () => {
  lease = await GroupLease.of(own);
});

// An alarm that is still set would run during the next test.
afterEach(() => abortAllDurableObjects());

describe("a lease", () => {
  it("switches logging on for the first capture, keeps it on for the others, and restores what was there after the last", async () => {
    await lease.set({ general_log: "0", log_output: "NONE" });
    const first = await lease.acquire(1);
    expect(first).toMatchObject({ ok: true, since: { general: expect.any(Number), slow: null } });
    expect(await lease.acquire(2)).toEqual(first);
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    expect(await lease.release(1)).toBe(true);
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    expect(await lease.release(2)).toBe(true);
    expect(await lease.settings()).toEqual({ general_log: "0", log_output: "NONE" });
    expect(await changesOf(own.aws)).toEqual(["ModifyDBParameterGroup 200", "ModifyDBParameterGroup 200"]);
  });

  it("says what captures have changed, and which values were there before, until these are restored", async () => {
    await lease.set({ log_output: "TABLE" });
    const changes = () => leaseOf(lease.group).changes();
    expect(await changes()).toEqual({ captures: 0, before: {} });
    await lease.acquire(1);
    await lease.acquire(2);
    expect(await changes()).toEqual({ captures: 2, before: { general_log: null, log_output: "TABLE" } });
    await lease.release(1);
    await lease.release(2);
    expect(await changes()).toEqual({ captures: 0, before: {} });
  });

  it("leaves no values behind where there were none", async () => {
    await lease.acquire(1);
    await lease.release(1);
    expect(await lease.settings()).toEqual({});
  });

  it("restores a value and takes another away, in one group", async () => {
    await lease.set({ log_output: "FILE" });
    await lease.acquire(1);
    await lease.release(1);
    expect(await lease.settings()).toEqual({ log_output: "FILE" });
  });

  it("writes the defaults where it may not take values away", async () => {
    await own.aws.deny("rds:ResetDBParameterGroup");
    await lease.acquire(1);
    expect(await lease.release(1)).toBe(true);
    expect(await lease.settings()).toEqual(OFF);
  });

  it("changes nothing where logging was on already", async () => {
    await lease.set({ general_log: "1", log_output: "TABLE,FILE" });
    expect(await lease.acquire(1)).toMatchObject({ ok: true, since: { general: null } });
    expect(await lease.release(1)).toBe(true);
    expect(await changesOf(own.aws)).toEqual([]);
  });

  it("is acquired once however often it is asked for, and released once", async () => {
    await Promise.all([lease.acquire(1), lease.acquire(1), lease.acquire(1)]);
    expect(await lease.holders()).toEqual([1]);
    expect(await Promise.all([lease.release(1), lease.release(1), lease.release(1)])).toContain(true);
    expect(await lease.release(1)).toBe(true);
    expect(await changesOf(own.aws)).toHaveLength(2);
  });

  it("deletes all that it has stored, and its alarm, once the servers have what was restored", async () => {
    await lease.acquire(1);
    await lease.release(1);
    await travel(own.aws, RESTORE_APPLIES_MS + 1);
    await runLeaseAlarm(lease.group);
    expect(await storedBy(lease.group)).toBe(0);
    expect(await leaseAlarmOf(lease.group)).toBeNull();
    expect(await lease.release(1)).toBe(true);
    expect(await storedBy(lease.group)).toBe(0);
  });

  it("counts log files later when it was restored a moment ago: those servers may still be about to stop", async () => {
    await lease.acquire(1);
    await lease.release(1);
    const before = Date.now();
    const again = await lease.acquire(2);
    expect(again.ok && (again.since.general ?? 0) - before).toBeGreaterThan(10_000);
    await lease.release(2);
    await travel(own.aws, RESTORE_APPLIES_MS + 1);
    const later = await lease.acquire(3);
    expect(later.ok && (later.since.general ?? 0) - Date.now()).toBeLessThanOrEqual(0);
  });

  it("ends in the right state whichever captures start and stop at once", async () => {
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          (i + round) % 3 === 0 ? lease.release(i % 4) : lease.acquire(i % 4),
        ),
      );
      expect(await lease.settings()).toEqual((await lease.holders()).length > 0 ? GENERAL_LOG_SWITCH.on : {});
    }
    await Promise.all([0, 1, 2, 3].map((id) => lease.release(id)));
    expect(await lease.settings()).toEqual({});
  });
});

describe("a refusal", () => {
  it("of the change is answered with the action that was refused, and no change is pending", async () => {
    await own.aws.deny("rds:ModifyDBParameterGroup");
    expect(await lease.acquire(1)).toMatchObject({
      ok: false,
      failure: { kind: "denied", action: "rds:ModifyDBParameterGroup" },
    });
    expect(await lease.release(1)).toBe(true);
    expect(await changesOf(own.aws)).toEqual(["ModifyDBParameterGroup 403"]);
    expect(await storedBy(lease.group)).toBe(0);
  });

  it("of the first read is answered the same way", async () => {
    await own.aws.deny("rds:DescribeDBParameters");
    expect(await lease.acquire(1)).toMatchObject({
      ok: false,
      failure: { kind: "denied", action: "rds:DescribeDBParameters" },
    });
    expect(await lease.release(1)).toBe(true);
  });

  it("to restore is retried with growing pauses, an hour at most for a week, then a day, without an end", async () => {
    await lease.acquire(1);
    await own.aws.deny("rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup");
    expect(await lease.release(1)).toBe(false);
    const pause = async () => ((await leaseAlarmOf(lease.group)) ?? 0) - Date.now();
    /** The pauses after so many more attempts. */
    const pauses = async (attempts: number) => {
      const seen: number[] = [];
      for (let i = 0; i < attempts; i++) {
        await travel(own.aws, Math.max(1, await pause()));
        await runLeaseAlarm(lease.group);
        expect(await lease.release(1)).toBe(false);
        seen.push(await pause());
      }
      return seen;
    };
    expect(await pause()).toBeLessThanOrEqual(2000);
    const first = await pauses(16);
    expect(first.at(-1)).toBeGreaterThanOrEqual(30 * MINUTE);
    expect(Math.max(...first)).toBeLessThanOrEqual(60 * MINUTE);
    await travel(own.aws, HOURLY_FOR_MS);
    const later = await pauses(4);
    expect(later.at(-1)).toBeGreaterThanOrEqual(12 * 60 * MINUTE);
    expect(Math.max(...later)).toBeLessThanOrEqual(DAY);
    await own.aws.deny();
    await runLeaseAlarm(lease.group);
    expect(await lease.release(1)).toBe(true);
    expect(await lease.settings()).toEqual({});
  });

  it("to restore ends once the permission is given", async () => {
    await lease.acquire(1);
    await own.aws.deny("rds:*");
    expect(await lease.release(1)).toBe(false);
    await own.aws.deny();
    await runLeaseAlarm(lease.group);
    expect(await lease.release(1)).toBe(true);
    expect(await lease.settings()).toEqual({});
  });

  it("for a group that was deleted leaves nothing to restore", async () => {
    lease = new GroupLease(own.aws, { ...lease.group, parameterGroup: "no-such-group" }, lease.access);
    expect(await lease.acquire(1)).toMatchObject({
      ok: false,
      failure: { code: "DBParameterGroupNotFound" },
    });
    expect(await lease.release(1)).toBe(true);
  });
});

describe("a way to restore the group that fails", () => {
  const resetting = (kind: "server-error" | "garbage", times?: number) =>
    own.aws.fault({ kind, action: "ResetDBParameterGroup", ...(times === undefined ? {} : { times }) });

  it("repeatedly, but not by a denial, is replaced by writing the defaults", async () => {
    await resetting("server-error");
    await lease.acquire(1);
    expect(await lease.release(1)).toBe(false);
    for (let attempt = 1; attempt < MAX_RESETS; attempt++) {
      expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
      await runLeaseAlarm(lease.group);
    }
    expect(await lease.settings()).toEqual(OFF);
    // The last attempt may still be carried out: the lease waits for that.
    expect(await lease.release(1)).toBe(false);
    await lease.settleDown();
    expect(await lease.release(1)).toBe(true);
    expect((await changesOf(own.aws)).filter((change) => change.startsWith("Reset"))).toHaveLength(
      MAX_RESETS,
    );
  });

  it("is tried anew once the log is on for another capture", async () => {
    await resetting("server-error", MAX_RESETS - 1);
    await lease.acquire(1);
    await lease.release(1);
    await runLeaseAlarm(lease.group);
    expect(await lease.acquire(2)).toMatchObject({ ok: true });
    expect(await lease.release(2)).toBe(false);
    expect(await lease.settings()).toEqual({});
  });

  it("counts also when AWS confirms a change that it does not make", async () => {
    await resetting("garbage", 1);
    await lease.acquire(1);
    expect(await lease.release(1)).toBe(false);
    await runLeaseAlarm(lease.group);
    expect(await lease.settings()).toEqual({});
  });
});

describe("an alarm in the past that never fires", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["a capture that asks", () => lease.acquire(2)],
    ["cron, which retries a pending change", () => lease.release(1)],
    ["a capture that releases what it does not hold", () => lease.release(2)],
    ["cron, which wakes leases", () => leaseOf(lease.group).wake(Date.now() + DAY)],
  ])("is replaced by %s", async (_, come) => {
    await lease.acquire(1);
    await own.aws.deny("rds:*");
    await lease.release(1);
    await travel(own.aws, DAY);
    expect(await leaseAlarmOf(lease.group)).toBeLessThan(Date.now() - ALARM_GRACE_MS);
    await come();
    expect(await leaseAlarmOf(lease.group)).toBeGreaterThan(Date.now());
    await own.aws.deny();
    await runLeaseAlarm(lease.group);
    await lease.release(2);
    expect(await lease.settings()).toEqual({});
  });

  it("is not set where there is nothing to do", async () => {
    await leaseOf(lease.group).wake(Date.now());
    expect(await leaseAlarmOf(lease.group)).toBeNull();
  });
});

describe("a review", () => {
  it("releases captures that have no row, and no others", async () => {
    const [kept, lost] = [
      { id: await startingCapture(own.admin, own.environment) },
      { id: await startingCapture(own.admin, own.environment) },
    ];
    await recordLease(kept.id, lease.group);
    await recordLease(lost.id, { ...lease.group, parameterGroup: "another" });
    for (const id of [kept.id, lost.id, 999_999]) await lease.acquire({ id });
    expect(((await leaseAlarmOf(lease.group)) ?? 0) - Date.now()).toBeLessThanOrEqual(REVIEW_MS);
    await travel(own.aws, REVIEW_MS);
    await runLeaseAlarm(lease.group);
    expect(await lease.holders()).toEqual([kept.id]);
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    await env.DB.prepare("delete from log_leases").run();
    await runLeaseAlarm(lease.group);
    expect(await lease.holders()).toEqual([]);
    expect(await lease.settings()).toEqual({});
  });
});
