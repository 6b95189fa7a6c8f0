import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { awsTarget } from "../../src/aws/client.ts";
import { modifyParameters } from "../../src/aws/rds.ts";
import type { EnvironmentAccess } from "../../src/environments/credentials.ts";
import { RESTORE_FOR_MS, REVIEW_MS } from "../../src/workload/lease.ts";
import { type LogGroup, leaseName } from "../../src/workload/lease-group.ts";
import { LATE_MS, LOGGING_ON, RESTORE_APPLIES_MS } from "../../src/workload/lease-state.ts";
import type { LocalAccount } from "../aws/client.ts";
import { createAccount } from "../aws/client.ts";
import { createCapture, createEnvironment, type Person, recordConsole, signUp } from "../support/api.ts";
import {
  accessOf,
  changesOf,
  groupOf,
  leaseAlarmOf,
  leaseOf,
  runLeaseAlarm,
  settingsOf,
  storedBy,
} from "../support/leases.ts";
import { travel } from "../support/time.ts";

const OFF = { general_log: "0", log_output: "TABLE" };
const MINUTE = 60_000;

let admin: Person;
let aws: LocalAccount;
let group: LogGroup;
let access: EnvironmentAccess;
let envId: number;

beforeAll(async () => {
  admin = await signUp("Admin");
});

// Each test has an account, and so a group and a lease, of its own.
beforeEach(async () => {
  const made = await createEnvironment(admin);
  aws = made.aws;
  envId = made.environment.id;
  group = groupOf(aws);
  access = await accessOf(made.environment);
});

// What is left pending would come in the next test.
afterEach(() => abortAllDurableObjects());

const acquire = (captureId: number, by = access) => leaseOf(group).acquire(captureId, group, by);
const release = (captureId: number, by: EnvironmentAccess | null = access) =>
  leaseOf(group).release(captureId, by);
const settings = () => settingsOf(aws, group);
const holders = () => leaseOf(group).holders();

/** A capture that is STARTING in the database, and whose runner leaves it alone. */
async function startingCapture(): Promise<number> {
  const scheduledStart = new Date(Date.now() + 300 * 86_400_000).toISOString();
  const { id } = await createCapture(admin, { envId, scheduledStart });
  await env.DB.prepare("update captures set status = 'STARTING' where id = ?1").bind(id).run();
  return id;
}

/** Writes the row that a capture's lease needs. */
async function note(captureId: number, of: LogGroup): Promise<void> {
  await env.DB.prepare("insert into log_leases (capture_id, lease_name, acquired_at) values (?1, ?2, 0)")
    .bind(captureId, leaseName(of))
    .run();
}

async function set(values: Record<string, string>): Promise<void> {
  const target = awsTarget(env, aws.region);
  const modified = await modifyParameters(target, aws.credentials, group.parameterGroup, values);
  expect(modified.ok).toBe(true);
  await aws.clearRequests();
}

/** Lets time pass and alarms come until the lease has put everything away. */
async function settleDown(): Promise<void> {
  for (let i = 0; i < 12; i++) {
    if (!(await runLeaseAlarm(group))) return;
    await travel(aws, LATE_MS);
  }
  throw new Error("The lease did not settle down");
}

describe("a lease", () => {
  it("switches logging on for the first capture, keeps it on for the others, and restores what was there after the last", async () => {
    await set({ general_log: "0", log_output: "NONE" });
    const first = await acquire(1);
    expect(first).toMatchObject({ ok: true, loggingSince: expect.any(Number) });
    expect(await acquire(2)).toEqual(first);
    expect(await settings()).toEqual(LOGGING_ON);
    expect(await release(1)).toBe(true);
    expect(await settings()).toEqual(LOGGING_ON);
    expect(await release(2)).toBe(true);
    expect(await settings()).toEqual({ general_log: "0", log_output: "NONE" });
    expect(await changesOf(aws)).toEqual(["ModifyDBParameterGroup 200", "ModifyDBParameterGroup 200"]);
  });

  it("leaves no values behind where there were none", async () => {
    await acquire(1);
    await release(1);
    expect(await settings()).toEqual({});
  });

  it("restores a value and takes another away, in one group", async () => {
    await set({ log_output: "FILE" });
    await acquire(1);
    await release(1);
    expect(await settings()).toEqual({ log_output: "FILE" });
  });

  it("writes the defaults where it may not take values away", async () => {
    await aws.deny("rds:ResetDBParameterGroup");
    await acquire(1);
    expect(await release(1)).toBe(true);
    expect(await settings()).toEqual(OFF);
  });

  it("changes nothing where logging was on already", async () => {
    await set({ general_log: "1", log_output: "TABLE,FILE" });
    expect(await acquire(1)).toEqual({ ok: true, loggingSince: null });
    expect(await release(1)).toBe(true);
    expect(await changesOf(aws)).toEqual([]);
  });

  it("is acquired once however often it is asked for, and given back once", async () => {
    await Promise.all([acquire(1), acquire(1), acquire(1)]);
    expect(await holders()).toEqual([1]);
    expect(await Promise.all([release(1), release(1), release(1)])).toContain(true);
    expect(await release(1)).toBe(true);
    expect(await changesOf(aws)).toHaveLength(2);
  });

  it("stores nothing any more, and has no alarm, once the servers have what was restored", async () => {
    await acquire(1);
    await release(1);
    await travel(aws, RESTORE_APPLIES_MS + 1);
    await runLeaseAlarm(group);
    expect(await storedBy(group)).toBe(0);
    expect(await leaseAlarmOf(group)).toBeNull();
    expect(await release(1)).toBe(true);
    expect(await storedBy(group)).toBe(0);
  });

  it("counts log files later when it was restored a moment ago: those servers may still be about to stop", async () => {
    await acquire(1);
    await release(1);
    const before = Date.now();
    const again = await acquire(2);
    expect(again.ok && (again.loggingSince ?? 0) - before).toBeGreaterThan(10_000);
    await release(2);
    await travel(aws, RESTORE_APPLIES_MS + 1);
    const later = await acquire(3);
    expect(later.ok && (later.loggingSince ?? 0) - Date.now()).toBeLessThanOrEqual(0);
  });

  it("ends right whatever captures start and stop at once", async () => {
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        Array.from({ length: 12 }, (_, i) => ((i + round) % 3 === 0 ? release(i % 4) : acquire(i % 4))),
      );
      expect(await settings()).toEqual((await holders()).length > 0 ? LOGGING_ON : {});
    }
    await Promise.all([0, 1, 2, 3].map((id) => release(id)));
    expect(await settings()).toEqual({});
  });
});

describe("a refusal", () => {
  it("of the change is answered with the action that was refused, and nothing is owed", async () => {
    await aws.deny("rds:ModifyDBParameterGroup");
    expect(await acquire(1)).toMatchObject({
      ok: false,
      failure: { kind: "denied", action: "rds:ModifyDBParameterGroup" },
    });
    expect(await release(1)).toBe(true);
    expect(await changesOf(aws)).toEqual(["ModifyDBParameterGroup 403"]);
    expect(await storedBy(group)).toBe(0);
  });

  it("of the first look is answered so, too", async () => {
    await aws.deny("rds:DescribeDBParameters");
    expect(await acquire(1)).toMatchObject({
      ok: false,
      failure: { kind: "denied", action: "rds:DescribeDBParameters" },
    });
    expect(await release(1)).toBe(true);
  });

  it("to restore is tried again with growing pauses for days, then given up and remembered", async () => {
    await acquire(1);
    await aws.deny("rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup");
    expect(await release(1)).toBe(false);
    const began = Date.now();
    const pauses: number[] = [];
    const stop = recordConsole();
    for (let alarm = await leaseAlarmOf(group); alarm !== null; alarm = await leaseAlarmOf(group)) {
      pauses.push(alarm - Date.now());
      await travel(aws, Math.max(1, alarm - Date.now()));
      await runLeaseAlarm(group);
      expect(await release(1)).toBe((await leaseAlarmOf(group)) === null);
    }
    expect(stop().filter((line) => line.includes("lease.restore.abandoned"))).toHaveLength(1);
    expect(pauses[0]).toBeLessThanOrEqual(2000);
    expect(Math.max(...pauses)).toBeGreaterThan(30 * MINUTE);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(60 * MINUTE);
    expect(Date.now() - began).toBeGreaterThan(RESTORE_FOR_MS);
    await aws.deny();
    expect(await acquire(2)).toMatchObject({ ok: true });
    expect(await release(2)).toBe(true);
    expect(await settings()).toEqual({});
  }, 60_000);

  it("to restore ends with the permission", async () => {
    await acquire(1);
    await aws.deny("rds:*");
    expect(await release(1)).toBe(false);
    await aws.deny();
    await runLeaseAlarm(group);
    expect(await release(1)).toBe(true);
    expect(await settings()).toEqual({});
  });

  it("is not the end when another capture's environment can reach the group", async () => {
    const weak = await accessOf(
      (await createEnvironment(admin, { aws: { ...aws, credentials: await weakKeys() } })).environment,
    );
    await acquire(1);
    expect(await acquire(2, weak)).toMatchObject({ ok: true });
    await release(1);
    expect(await release(2, weak)).toBe(true);
    expect(await settings()).toEqual({});
  });

  it("does not concern a group that was deleted: there is nothing to restore", async () => {
    group = { ...group, parameterGroup: "no-such-group" };
    expect(await acquire(1)).toMatchObject({ ok: false, failure: { code: "DBParameterGroupNotFound" } });
    expect(await release(1)).toBe(true);
  });
});

/** Keys of another account: they are known to AWS, and reach nothing of this one. */
async function weakKeys() {
  return (await createAccount({ instances: [{ identifier: aws.instance, parameterGroup: "other" }] }))
    .credentials;
}

describe("the newest credentials of an environment", () => {
  it("restore the group when those of the lease were withdrawn", async () => {
    const role = await aws.createRole({ externalId: "first-role" });
    const other = await createEnvironment(admin, { aws: { ...aws, credentials: role as never } });
    const byRole = await accessOf(other.environment);
    expect(await acquire(1, byRole)).toMatchObject({ ok: true });
    // The role trusts nobody any more.
    await aws.createRole({ ...role, trustedAccountId: "999999999999" });
    await aws.expireSessions();
    expect(await release(1, byRole)).toBe(false);
    expect(await settings()).toEqual(LOGGING_ON);
    expect(await release(1, access)).toBe(false);
    await expect.poll(() => release(1, access)).toBe(true);
    expect(await settings()).toEqual({});
  });

  it("change nothing when they are another account's, whose group bears the same name", async () => {
    const stranger = await createEnvironment(admin);
    const theirs = await accessOf(stranger.environment);
    await acquire(1);
    await aws.deny("rds:*");
    expect(await release(1, theirs)).toBe(false);
    await runLeaseAlarm(group);
    expect(await changesOf(stranger.aws)).toEqual([]);
    expect(await release(1, theirs)).toBe(false);
    await aws.deny();
    await runLeaseAlarm(group);
    expect(await settings()).toEqual({});
  });
});

/** What AWS is asked for in the life of a lease, in order, and how often it was before. */
const CALLS = [
  ["the first look", "DescribeDBParameters", 0],
  ["the change", "ModifyDBParameterGroup", 0],
  ["the look at the change", "DescribeDBParameters", 1],
] as const;

describe("a crash", () => {
  it.each(CALLS)("during %s leaves the log off or on as captures need it", async (_, action, earlier) => {
    // Carried out a while after the object is gone.
    for (let i = 0; i < earlier; i++) await aws.fault({ kind: "delay", action, delayMs: 0, times: 1 });
    await aws.fault({ kind: "delay", action, delayMs: 300, times: 1 });
    const cutOff = acquire(1).catch(() => "cut off");
    await expect.poll(async () => await storedBy(group)).toBeGreaterThan(0);
    await scheduler.wait(150);
    await abortAllDurableObjects();
    expect(await cutOff).toBe("cut off");
    // Should the capture never ask again.
    expect(await leaseAlarmOf(group)).toBeGreaterThan(Date.now());
    expect(await acquire(2)).toMatchObject({ ok: true });
    expect(await holders()).toEqual([1, 2]);
    await scheduler.wait(300);
    await release(2);
    expect(await settings()).toEqual(LOGGING_ON);
    await release(1);
    await settleDown();
    expect(await settings()).toEqual({});
    expect(await storedBy(group)).toBe(0);
  });

  it.each([
    ["the change", "ResetDBParameterGroup"],
    ["the look at the change", "DescribeDBParameters"],
  ])("during %s that restores the group is made up for by the alarm", async (_, action) => {
    await acquire(1);
    await aws.fault({ kind: "delay", action, delayMs: 300, times: 1 });
    const cutOff = release(1).catch(() => "cut off");
    await scheduler.wait(150);
    await abortAllDurableObjects();
    expect(await cutOff).toBe("cut off");
    expect(await leaseAlarmOf(group)).toBeGreaterThan(Date.now());
    // Not only at the next review.
    expect(await leaseAlarmOf(group)).toBeLessThan(Date.now() + REVIEW_MS / 2);
    await scheduler.wait(300);
    await settleDown();
    expect(await settings()).toEqual({});
    expect(await storedBy(group)).toBe(0);
  });

  it("between two captures forgets nothing", async () => {
    await set(OFF);
    await acquire(1);
    await evictDurableObject(leaseOf(group));
    await acquire(2);
    await abortAllDurableObjects();
    await release(1);
    await abortAllDurableObjects();
    expect(await settings()).toEqual(LOGGING_ON);
    await release(2);
    expect(await settings()).toEqual(OFF);
  });
});

describe("an answer of AWS", () => {
  it.each(["throttle", "server-error", "garbage", "hang", "reset"] as const)(
    "that fails (%s) leaves the change to be tried again, and nothing behind",
    async (kind) => {
      await aws.fault({ kind, action: "ModifyDBParameterGroup", times: 1 });
      expect(await acquire(1)).toMatchObject({ ok: false });
      expect(await acquire(1)).toMatchObject({ ok: true });
      expect(await settings()).toEqual(LOGGING_ON);
      await aws.fault({ kind, action: "ResetDBParameterGroup", times: 1 });
      expect(await release(1)).toBe(false);
      await runLeaseAlarm(group);
      await settleDown();
      expect(await settings()).toEqual({});
      expect(await storedBy(group)).toBe(0);
    },
  );

  it("that is lost after the change was made is looked into before it is made anew", async () => {
    await aws.fault({ kind: "reset", afterBytes: 5, action: "ModifyDBParameterGroup", times: 1 });
    expect(await acquire(1)).toMatchObject({ ok: false, failure: { kind: "timeout" } });
    expect(await settings()).toEqual(LOGGING_ON);
    // The capture gave up: what AWS did all the same is undone.
    expect(await release(1)).toBe(false);
    await settleDown();
    expect(await settings()).toEqual({});
  });

  it("that is lost, the change being made after the log was restored, is found out", async () => {
    await aws.fault({ kind: "delay", delayMs: 2600, action: "ModifyDBParameterGroup", times: 1 });
    expect(await acquire(1)).toMatchObject({ ok: false, failure: { code: "Timeout" } });
    expect(await release(1)).toBe(false);
    expect(await settings()).toEqual({});
    await expect.poll(settings, { timeout: 3000 }).toEqual(LOGGING_ON);
    await travel(aws, LATE_MS);
    await runLeaseAlarm(group);
    expect(await settings()).toEqual({});
    await settleDown();
    expect(await storedBy(group)).toBe(0);
  });

  it("that is lost, the log being switched off under a capture, is found out", async () => {
    const id = await startingCapture();
    await note(id, group);
    await acquire(1);
    await aws.fault({ kind: "delay", delayMs: 2600, action: "ResetDBParameterGroup", times: 1 });
    expect(await release(1)).toBe(false);
    expect(await acquire(id)).toMatchObject({ ok: true });
    await expect.poll(settings, { timeout: 3000 }).toEqual({});
    await travel(aws, LATE_MS);
    await runLeaseAlarm(group);
    expect(await settings()).toEqual(LOGGING_ON);
    await release(id);
    await settleDown();
    expect(await settings()).toEqual({});
  });
});

describe("a review", () => {
  it("lets go of captures that have no row, and of no others", async () => {
    const [kept, lost] = [{ id: await startingCapture() }, { id: await startingCapture() }];
    await note(kept.id, group);
    await note(lost.id, { ...group, parameterGroup: "another" });
    for (const id of [kept.id, lost.id, 999_999]) await acquire(id);
    expect(((await leaseAlarmOf(group)) ?? 0) - Date.now()).toBeLessThanOrEqual(REVIEW_MS);
    await travel(aws, REVIEW_MS);
    await runLeaseAlarm(group);
    expect(await holders()).toEqual([kept.id]);
    expect(await settings()).toEqual(LOGGING_ON);
    await env.DB.prepare("delete from log_leases").run();
    await runLeaseAlarm(group);
    expect(await holders()).toEqual([]);
    expect(await settings()).toEqual({});
  });
});
