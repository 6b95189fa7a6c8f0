import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { leaseName } from "../../src/environments/parameter-group.ts";
import { LATE_MS } from "../../src/leases/state.ts";
import { GENERAL_LOG_SWITCH } from "../../src/logs/general/switch.ts";
import { environmentForEachTest } from "../support/each-test.ts";
import {
  CALL_CUT_OFF_MS,
  changesOf,
  cutOffDuring,
  GroupLease,
  leaseOf,
  runLeaseAlarm,
  storedBy,
} from "../support/leases.ts";
import { travel } from "../support/time.ts";

/** What a slow log of every statement needs of MySQL 8.0, where nothing is set. */
const SLOW = {
  slow_query_log: "1",
  long_query_time: "0",
  log_output: "FILE",
  log_slow_extra: "1",
  log_slow_admin_statements: "1",
};

// Each test has an account, and so a group and a lease, of its own.
const own = environmentForEachTest();
let lease: GroupLease;

beforeEach(async () => {
  lease = await GroupLease.of(own);
});

// An alarm that is still set would run during the next test.
afterEach(() => abortAllDurableObjects());

const readsOf = async () =>
  (await own.aws.requests()).filter(({ action }) => action === "DescribeDBParameters").length;
const rows = async () => {
  const { results } = await env.DB.prepare(
    "select owed_settings as settings from log_leases where lease_name = ?1 and owed_since is not null",
  )
    .bind(leaseName(lease.group))
    .all<{ settings: string }>();
  return results.map(({ settings }) => JSON.parse(settings));
};

describe("a lease on the slow log", () => {
  it("sets what the group offers, and says what there was", async () => {
    await lease.set({ long_query_time: "2" });
    const acquired = await lease.acquireSlow(1);
    expect(acquired).toMatchObject({
      ok: true,
      since: { general: expect.any(Number), slow: expect.any(Number) },
    });
    expect(acquired.ok && acquired.before).toEqual({
      slow_query_log: null,
      long_query_time: "2",
      log_output: null,
      log_slow_extra: null,
      log_slow_admin_statements: null,
      min_examined_row_limit: null,
      log_queries_not_using_indexes: null,
    });
    expect(await lease.settings()).toEqual(SLOW);
    expect(await lease.release(1)).toBe(true);
    expect(await lease.settings()).toEqual({ long_query_time: "2" });
    expect(await changesOf(own.aws)).toEqual([
      "ModifyDBParameterGroup 200",
      "ModifyDBParameterGroup 200",
      "ResetDBParameterGroup 200",
    ]);
  });

  it("and one on the general log are restored each by itself", async () => {
    await lease.acquire(1);
    await lease.acquireSlow(2, 250_000);
    expect(await lease.settings()).toEqual({ ...SLOW, general_log: "1", long_query_time: "0.25" });
    await lease.acquireSlow(3, 0, "both");
    expect(await lease.settings()).toMatchObject({ long_query_time: "0" });
    expect(await lease.release(3)).toBe(true);
    expect(await lease.settings()).toMatchObject({ long_query_time: "0.25" });
    expect(await lease.release(2)).toBe(true);
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    await lease.acquireSlow(4);
    expect(await lease.release(1)).toBe(true);
    expect(await lease.settings()).toEqual(SLOW);
    expect(await lease.release(4)).toBe(true);
    expect(await lease.settings()).toEqual({});
  });

  it("leaves alone what a slow log that was on has already", async () => {
    const before = { slow_query_log: "1", long_query_time: "0", log_output: "FILE", log_slow_extra: "1" };
    await lease.set({ ...before, log_slow_admin_statements: "1" });
    expect(await lease.acquireSlow(1)).toMatchObject({ ok: true, since: { slow: null, threshold: null } });
    expect(await lease.release(1)).toBe(true);
    expect(await changesOf(own.aws)).toEqual([]);
  });

  it("restores what somebody has set before it, while a general log was captured", async () => {
    await lease.acquire(1);
    await lease.set({ long_query_time: "5", slow_query_log: "1" });
    await lease.acquireSlow(2);
    await lease.release(2);
    expect(await lease.settings()).toEqual({
      ...GENERAL_LOG_SWITCH.on,
      long_query_time: "5",
      slow_query_log: "1",
    });
  });

  it("asks for all parameters once, and for no more than before where the general log alone is captured", async () => {
    await own.aws.clearRequests();
    await lease.acquire(1);
    // Before the change and after it.
    expect(await readsOf()).toBe(2);
    expect(await changesOf(own.aws)).toHaveLength(1);
    await lease.acquireSlow(2);
    expect(await readsOf()).toBe(4);
    await lease.acquireSlow(3);
    expect(await readsOf()).toBe(4);
  });

  it("writes the defaults of the group's servers where it may not take values away", async () => {
    await own.aws.deny("rds:ResetDBParameterGroup");
    await lease.acquireSlow(1);
    expect(await lease.release(1)).toBe(true);
    expect(await lease.settings()).toEqual({
      slow_query_log: "0",
      long_query_time: "10",
      log_output: "TABLE",
      log_slow_extra: "0",
      log_slow_admin_statements: "0",
    });
  });
});

describe("parameters of the slow log that can't be restored while a general log is captured", () => {
  beforeEach(async () => {
    await lease.acquire(1);
    await lease.acquireSlow(2);
    await own.aws.deny("rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup");
    expect(await lease.release(2)).toBe(false);
  });

  it("are pending for the capture that needed them, and no others are", async () => {
    expect(await rows()).toEqual([
      {
        parameters: {
          slow_query_log: null,
          long_query_time: null,
          log_slow_extra: null,
          log_slow_admin_statements: null,
        },
      },
    ]);
    await own.aws.deny();
    await runLeaseAlarm(lease.group);
    expect(await lease.release(2)).toBe(true);
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    expect(await lease.release(1)).toBe(true);
    expect(await lease.settings()).toEqual({});
  });

  it("do not keep a general log from being captured", async () => {
    expect(await lease.acquire(3)).toMatchObject({ ok: true, since: { general: expect.any(Number) } });
  });

  it("are restored with the general log's, when that capture is released", async () => {
    expect(await lease.release(1)).toBe(false);
    await own.aws.deny();
    await runLeaseAlarm(lease.group);
    expect(await lease.settings()).toEqual({});
    expect(await lease.release(1)).toBe(true);
    expect(await lease.release(2)).toBe(true);
  });
});

describe("a crash of a lease on both logs", () => {
  it.each([
    ["the look at all parameters", "DescribeDBParameters"],
    ["the change", "ModifyDBParameterGroup"],
  ])("during %s leaves the logs off or on as captures need them", async (_, action) => {
    await lease.acquire(1);
    await cutOffDuring(own.aws, action, () => lease.acquireSlow(2));
    await scheduler.wait(CALL_CUT_OFF_MS);
    await runLeaseAlarm(lease.group);
    // The alarm releases captures that have no row, and these have one.
    expect(await lease.settings()).toEqual({ ...SLOW, general_log: "1" });
    await lease.release(2);
    await travel(own.aws, LATE_MS);
    await runLeaseAlarm(lease.group);
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    await lease.release(1);
    await lease.settleDown();
    expect(await lease.settings()).toEqual({});
    expect(await storedBy(lease.group)).toBe(0);
  });

  it("during the restoring of one of them is repaired by the alarm", async () => {
    await lease.acquire(1);
    await lease.acquireSlow(2);
    await cutOffDuring(own.aws, "ResetDBParameterGroup", () => lease.release(2));
    await scheduler.wait(CALL_CUT_OFF_MS);
    await travel(own.aws, LATE_MS);
    await runLeaseAlarm(lease.group);
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    expect(await leaseOf(lease.group).holders()).toHaveLength(1);
    expect(await lease.release(2)).toBe(true);
  });
});
