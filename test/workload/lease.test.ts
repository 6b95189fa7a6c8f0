import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RESTORE_FOR_MS, REVIEW_MS } from "../../src/workload/lease.ts";
import { LOGGING_ON, RESTORE_APPLIES_MS } from "../../src/workload/lease-state.ts";
import { createAccount } from "../aws/client.ts";
import { createEnvironment, recordConsole } from "../support/api.ts";
import { environmentForEachTest } from "../support/each-test.ts";
import {
  accessOf,
  changesOf,
  GroupLease,
  leaseAlarmOf,
  noteLease,
  runLeaseAlarm,
  startingCapture,
  storedBy,
} from "../support/leases.ts";
import { travel } from "../support/time.ts";

const OFF = { general_log: "0", log_output: "TABLE" };
const MINUTE = 60_000;

// Each test has an account, and so a group and a lease, of its own.
const own = environmentForEachTest();
let lease: GroupLease;

beforeEach(async () => {
  lease = await GroupLease.of(own);
});

// What is left pending would come in the next test.
afterEach(() => abortAllDurableObjects());

describe("a lease", () => {
  it("switches logging on for the first capture, keeps it on for the others, and restores what was there after the last", async () => {
    await lease.set({ general_log: "0", log_output: "NONE" });
    const first = await lease.acquire(1);
    expect(first).toMatchObject({ ok: true, loggingSince: expect.any(Number) });
    expect(await lease.acquire(2)).toEqual(first);
    expect(await lease.settings()).toEqual(LOGGING_ON);
    expect(await lease.release(1)).toBe(true);
    expect(await lease.settings()).toEqual(LOGGING_ON);
    expect(await lease.release(2)).toBe(true);
    expect(await lease.settings()).toEqual({ general_log: "0", log_output: "NONE" });
    expect(await changesOf(own.aws)).toEqual(["ModifyDBParameterGroup 200", "ModifyDBParameterGroup 200"]);
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
    expect(await lease.acquire(1)).toEqual({ ok: true, loggingSince: null });
    expect(await lease.release(1)).toBe(true);
    expect(await changesOf(own.aws)).toEqual([]);
  });

  it("is acquired once however often it is asked for, and given back once", async () => {
    await Promise.all([lease.acquire(1), lease.acquire(1), lease.acquire(1)]);
    expect(await lease.holders()).toEqual([1]);
    expect(await Promise.all([lease.release(1), lease.release(1), lease.release(1)])).toContain(true);
    expect(await lease.release(1)).toBe(true);
    expect(await changesOf(own.aws)).toHaveLength(2);
  });

  it("stores nothing any more, and has no alarm, once the servers have what was restored", async () => {
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
    expect(again.ok && (again.loggingSince ?? 0) - before).toBeGreaterThan(10_000);
    await lease.release(2);
    await travel(own.aws, RESTORE_APPLIES_MS + 1);
    const later = await lease.acquire(3);
    expect(later.ok && (later.loggingSince ?? 0) - Date.now()).toBeLessThanOrEqual(0);
  });

  it("ends right whatever captures start and stop at once", async () => {
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          (i + round) % 3 === 0 ? lease.release(i % 4) : lease.acquire(i % 4),
        ),
      );
      expect(await lease.settings()).toEqual((await lease.holders()).length > 0 ? LOGGING_ON : {});
    }
    await Promise.all([0, 1, 2, 3].map((id) => lease.release(id)));
    expect(await lease.settings()).toEqual({});
  });
});

describe("a refusal", () => {
  it("of the change is answered with the action that was refused, and nothing is owed", async () => {
    await own.aws.deny("rds:ModifyDBParameterGroup");
    expect(await lease.acquire(1)).toMatchObject({
      ok: false,
      failure: { kind: "denied", action: "rds:ModifyDBParameterGroup" },
    });
    expect(await lease.release(1)).toBe(true);
    expect(await changesOf(own.aws)).toEqual(["ModifyDBParameterGroup 403"]);
    expect(await storedBy(lease.group)).toBe(0);
  });

  it("of the first look is answered so, too", async () => {
    await own.aws.deny("rds:DescribeDBParameters");
    expect(await lease.acquire(1)).toMatchObject({
      ok: false,
      failure: { kind: "denied", action: "rds:DescribeDBParameters" },
    });
    expect(await lease.release(1)).toBe(true);
  });

  it("to restore is tried again with growing pauses for days, then given up and remembered", async () => {
    await lease.acquire(1);
    await own.aws.deny("rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup");
    expect(await lease.release(1)).toBe(false);
    const began = Date.now();
    const pauses: number[] = [];
    const stop = recordConsole();
    for (
      let alarm = await leaseAlarmOf(lease.group);
      alarm !== null;
      alarm = await leaseAlarmOf(lease.group)
    ) {
      pauses.push(alarm - Date.now());
      await travel(own.aws, Math.max(1, alarm - Date.now()));
      await runLeaseAlarm(lease.group);
      expect(await lease.release(1)).toBe((await leaseAlarmOf(lease.group)) === null);
    }
    expect(stop().filter((line) => line.includes("lease.restore.abandoned"))).toHaveLength(1);
    expect(pauses[0]).toBeLessThanOrEqual(2000);
    expect(Math.max(...pauses)).toBeGreaterThan(30 * MINUTE);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(60 * MINUTE);
    expect(Date.now() - began).toBeGreaterThan(RESTORE_FOR_MS);
    await own.aws.deny();
    expect(await lease.acquire(2)).toMatchObject({ ok: true });
    expect(await lease.release(2)).toBe(true);
    expect(await lease.settings()).toEqual({});
  }, 60_000);

  it("to restore ends with the permission", async () => {
    await lease.acquire(1);
    await own.aws.deny("rds:*");
    expect(await lease.release(1)).toBe(false);
    await own.aws.deny();
    await runLeaseAlarm(lease.group);
    expect(await lease.release(1)).toBe(true);
    expect(await lease.settings()).toEqual({});
  });

  it("is not the end when another capture's environment can reach the group", async () => {
    const weak = await accessOf(
      (await createEnvironment(own.admin, { aws: { ...own.aws, credentials: await weakKeys() } }))
        .environment,
    );
    await lease.acquire(1);
    expect(await lease.acquire(2, weak)).toMatchObject({ ok: true });
    await lease.release(1);
    expect(await lease.release(2, weak)).toBe(true);
    expect(await lease.settings()).toEqual({});
  });

  it("does not concern a group that was deleted: there is nothing to restore", async () => {
    lease = new GroupLease(own.aws, { ...lease.group, parameterGroup: "no-such-group" }, lease.access);
    expect(await lease.acquire(1)).toMatchObject({
      ok: false,
      failure: { code: "DBParameterGroupNotFound" },
    });
    expect(await lease.release(1)).toBe(true);
  });
});

/** Keys of another account: they are known to AWS, and reach nothing of this one. */
async function weakKeys() {
  return (await createAccount({ instances: [{ identifier: own.aws.instance, parameterGroup: "other" }] }))
    .credentials;
}

describe("the newest credentials of an environment", () => {
  it("restore the group when those of the lease were withdrawn", async () => {
    const role = await own.aws.createRole({ externalId: "first-role" });
    const other = await createEnvironment(own.admin, { aws: { ...own.aws, credentials: role as never } });
    const byRole = await accessOf(other.environment);
    expect(await lease.acquire(1, byRole)).toMatchObject({ ok: true });
    // The role trusts nobody any more.
    await own.aws.createRole({ ...role, trustedAccountId: "999999999999" });
    await own.aws.expireSessions();
    expect(await lease.release(1, byRole)).toBe(false);
    expect(await lease.settings()).toEqual(LOGGING_ON);
    expect(await lease.release(1, lease.access)).toBe(false);
    await expect.poll(() => lease.release(1, lease.access)).toBe(true);
    expect(await lease.settings()).toEqual({});
  });

  it("change nothing when they are another account's, whose group bears the same name", async () => {
    const stranger = await createEnvironment(own.admin);
    const theirs = await accessOf(stranger.environment);
    await lease.acquire(1);
    await own.aws.deny("rds:*");
    expect(await lease.release(1, theirs)).toBe(false);
    await runLeaseAlarm(lease.group);
    expect(await changesOf(stranger.aws)).toEqual([]);
    expect(await lease.release(1, theirs)).toBe(false);
    await own.aws.deny();
    await runLeaseAlarm(lease.group);
    expect(await lease.settings()).toEqual({});
  });
});

describe("a review", () => {
  it("lets go of captures that have no row, and of no others", async () => {
    const [kept, lost] = [
      { id: await startingCapture(own.admin, own.environment) },
      { id: await startingCapture(own.admin, own.environment) },
    ];
    await noteLease(kept.id, lease.group);
    await noteLease(lost.id, { ...lease.group, parameterGroup: "another" });
    for (const id of [kept.id, lost.id, 999_999]) await lease.acquire(id);
    expect(((await leaseAlarmOf(lease.group)) ?? 0) - Date.now()).toBeLessThanOrEqual(REVIEW_MS);
    await travel(own.aws, REVIEW_MS);
    await runLeaseAlarm(lease.group);
    expect(await lease.holders()).toEqual([kept.id]);
    expect(await lease.settings()).toEqual(LOGGING_ON);
    await env.DB.prepare("delete from log_leases").run();
    await runLeaseAlarm(lease.group);
    expect(await lease.holders()).toEqual([]);
    expect(await lease.settings()).toEqual({});
  });
});
