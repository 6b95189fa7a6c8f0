import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { leaseName } from "../../src/environments/parameter-group.ts";
import { keepOn, switchOn } from "../../src/leases/general-log.ts";
import { LogLease } from "../../src/leases/lease.ts";
import type { LoggedCapture } from "../../src/leases/log-readiness.ts";
import { releaseLease } from "../../src/leases/release.ts";
import { GENERAL_LOG_SWITCH } from "../../src/logs/general/switch.ts";
import { createAccount } from "../local-aws/test/client.ts";
import type { DenialReason } from "../local-aws/test/control-shapes.ts";
import { environmentForEachTest } from "../support/each-test.ts";
import {
  accessOf,
  changesOf,
  describedInstance,
  GroupLease,
  groupOf,
  leaseOf,
  settingsOf,
  startingCapture,
} from "../support/leases.ts";
import { travel } from "../support/time.ts";

const MINUTE = 60_000;

const own = environmentForEachTest();

afterEach(async () => {
  vi.restoreAllMocks();
  await env.DB.prepare("delete from log_leases").run();
  await abortAllDurableObjects();
});

/** A capture that is STARTING, as the runner knows it: of the general log, unless it is said. */
async function starting(
  instance = own.aws.instance,
  logs: Pick<LoggedCapture, "log" | "minDurationMicros"> = { log: "general", minDurationMicros: 0 },
): Promise<LoggedCapture> {
  const id = await startingCapture(own.admin, own.environment);
  return { ...(await accessOf(own.environment)), ...logs, id, instance };
}

const move = (id: number, status: string) =>
  env.DB.prepare("update captures set status = ?2 where id = ?1").bind(id, status).run();

/** Looks at the instance and switches its log on, as the runner does each time. */
async function attempt(capture: LoggedCapture) {
  const now = Date.now();
  const instance = await describedInstance(own.aws, capture.instance);
  // A millisecond apart, as calls to the real one are.
  await scheduler.wait(2);
  return switchOn(env, capture, instance, now);
}

async function untilReady(capture: LoggedCapture): Promise<void> {
  await expect.poll(() => attempt(capture)).toEqual({ ready: true });
}

const leases = async () =>
  (await env.DB.prepare("select capture_id as id, lease_name as name from log_leases").all()).results;

describe("switching on", () => {
  it("is ready when the servers have the change and write to a log file, and not before", async () => {
    const capture = await starting();
    expect(await attempt(capture)).toEqual({
      ready: false,
      transient: true,
      reason: expect.stringContaining("still being applied"),
    });
    await untilReady(capture);
    expect(await settingsOf(own.aws, groupOf(own.aws))).toEqual(GENERAL_LOG_SWITCH.on);
    expect(await changesOf(own.aws)).toHaveLength(1);
    await releaseLease(env, capture.id);
  });

  it("records the lease before AWS is asked", async () => {
    const capture = await starting();
    vi.spyOn(LogLease.prototype, "acquire").mockRejectedValue(new Error("the object is away"));
    expect(await attempt(capture)).toMatchObject({ ready: false, transient: true });
    expect(await leases()).toContainEqual({ id: capture.id, name: leaseName(groupOf(own.aws)) });
    vi.restoreAllMocks();
    expect(await releaseLease(env, capture.id)).toBe(true);
  });

  it("waits while the change is being applied", async () => {
    await own.aws.setParameterApplication({ delayMs: 60_000 });
    const capture = await starting();
    await attempt(capture);
    expect((await describedInstance(own.aws)).parameterApplyStatus).toBe("applying");
    expect(await attempt(capture)).toMatchObject({ ready: false, transient: true });
    await travel(own.aws, MINUTE);
    await untilReady(capture);
    await releaseLease(env, capture.id);
  });

  it("is not ready by an in-sync status alone, nor by the log file of an earlier capture", async () => {
    const earlier = await starting();
    await untilReady(earlier);
    await releaseLease(env, earlier.id);
    await travel(own.aws, 2 * MINUTE);
    // RDS says for a while what it said before.
    await own.aws.setParameterApplication({ delayMs: 60_000, staleMs: 60_000 });
    const capture = await starting();
    await attempt(capture);
    await travel(own.aws, 1000);
    expect((await describedInstance(own.aws)).parameterApplyStatus).toBe("in-sync");
    expect((await own.aws.logFiles(own.aws.instance)).files).toHaveLength(1);
    expect(await attempt(capture)).toMatchObject({
      ready: false,
      transient: true,
      reason: expect.stringContaining("no general log file"),
    });
    await travel(own.aws, MINUTE);
    await untilReady(capture);
    await releaseLease(env, capture.id);
  });

  it("is not ready by a log that the end of an earlier capture is about to stop", async () => {
    const earlier = await starting();
    await untilReady(earlier);
    // Both changes are shown as in-sync; the servers get the one in 5 seconds, the other in 6.
    await own.aws.setParameterApplication({ delayMs: 5000, staleMs: 60_000 });
    await releaseLease(env, earlier.id);
    await own.aws.setParameterApplication({ delayMs: 6000, staleMs: 60_000 });
    const capture = await starting();
    await attempt(capture);
    await travel(own.aws, 3000);
    expect(await own.aws.logFiles(own.aws.instance)).toMatchObject({ isLogging: true });
    expect(await attempt(capture)).toMatchObject({ ready: false, transient: true });
    await travel(own.aws, 20_000);
    await untilReady(capture);
    await releaseLease(env, capture.id);
  });

  it("is ready at once for a second capture, and leaves the log on when the first is released", async () => {
    const [first, second] = [await starting(), await starting()];
    await untilReady(first);
    expect(await attempt(second)).toEqual({ ready: true });
    expect(await releaseLease(env, first.id)).toBe(true);
    expect(await attempt(second)).toEqual({ ready: true });
    expect(await releaseLease(env, second.id)).toBe(true);
    expect(await settingsOf(own.aws, groupOf(own.aws))).toEqual({});
    expect(await leases()).toEqual([]);
  });

  it("restores the group that the instance had before it was given another", async () => {
    const capture = await starting();
    await untilReady(capture);
    const before = groupOf(own.aws);
    await own.aws.patchInstance(own.aws.instance, { parameterGroup: "another-params" });
    await untilReady(capture);
    const now = { ...before, parameterGroup: "another-params" };
    expect(await leases()).toEqual([{ id: capture.id, name: leaseName(now) }]);
    expect(await settingsOf(own.aws, before)).toEqual({});
    expect(await leaseOf(before).holders()).toEqual([]);
    await releaseLease(env, capture.id);
    expect(await settingsOf(own.aws, now)).toEqual({});
  });

  it.each(["DONE", "FAILED", "SCHEDULED"])("asks for nothing for a capture that is %s", async (status) => {
    const capture = await starting();
    await move(capture.id, status);
    expect(await attempt(capture)).toMatchObject({ ready: false, transient: true });
    expect(await leases()).toEqual([]);
    expect(await changesOf(own.aws)).toEqual([]);
  });
});

describe("a capture that has ended while it was switching its log on", () => {
  it("does not take its lease again, although its row is still there", async () => {
    const capture = await starting();
    await untilReady(capture);
    const group = groupOf(own.aws);
    await leaseOf(group).release(capture.id);
    await move(capture.id, "FAILED");
    expect(await attempt(capture)).toMatchObject({ ready: false });
    expect(await leaseOf(group).holders()).toEqual([]);
    expect(await settingsOf(own.aws, group)).toEqual({});
    expect(await releaseLease(env, capture.id)).toBe(true);
  });
});

describe("what prevents a log", () => {
  /** The reason that waiting does not help. */
  async function never(capture: LoggedCapture): Promise<string> {
    const logging = await attempt(capture);
    expect(logging).toMatchObject({ ready: false, transient: false });
    await releaseLease(env, capture.id);
    return logging.ready ? "" : logging.reason;
  }

  it("is a default parameter group: make one, assign it, reboot", async () => {
    const reason = await never(await starting("demo-default-group"));
    expect(reason).toContain("default.mysql8.0");
    expect(reason).toMatch(/create a parameter group .* assign it to demo-default-group, and reboot/);
    expect(await changesOf(own.aws)).toEqual([]);
  });

  it("is an engine without a general log", async () => {
    expect(await never(await starting("demo-postgres"))).toContain("runs postgres, which has no general log");
  });

  it.each(["DescribeDBParameters", "ModifyDBParameterGroup"])(
    "is a missing permission: rds:%s",
    async (action) => {
      await own.aws.deny(`rds:${action}`);
      expect(await never(await starting())).toBe(
        `The environment's credentials lack a permission: allow them rds:${action} on the parameter group ` +
          "demo-mysql-params in IAM (AccessDenied)",
      );
      expect(await leases()).toEqual([]);
    },
  );

  it.each<[DenialReason, RegExp]>([
    [
      { policy: "service-control", isExplicit: true },
      /A service control policy of the AWS organization denies it/,
    ],
    [{ policy: "permissions-boundary" }, /The permissions boundary of the user or role does not allow it/],
    [{ policy: "identity", isExplicit: true }, /A Deny statement in a policy of the user or role outweighs/],
  ])("is a policy that no permission outweighs: %j", async (denial, advice) => {
    await own.aws.deny({ action: "rds:ModifyDBParameterGroup", ...denial });
    const reason = await never(await starting());
    expect(reason).toMatch(/^AWS does not permit it: .* perform: rds:ModifyDBParameterGroup on resource: /);
    expect(reason).toMatch(advice);
  });

  it("is the missing permission to list log files", async () => {
    const capture = await starting();
    await attempt(capture);
    await own.aws.deny("rds:DescribeDBLogFiles");
    expect(await never(capture)).toContain("rds:DescribeDBLogFiles on the instance demo-mysql");
  });

  it("is a change that could not be applied, once it is not the status from before", async () => {
    await own.aws.setParameterApplication({ fails: true });
    const capture = await starting();
    await attempt(capture);
    expect(await attempt(capture)).toMatchObject({ ready: false, transient: true });
    await travel(own.aws, MINUTE);
    expect(await never(capture)).toMatch(/failed-to-apply: see the events of demo-mysql in the RDS console/);
  });

  it("is a pending reboot, where the log does not come without it", async () => {
    await own.aws.patchInstance(own.aws.instance, { parameterApplyStatus: "pending-reboot" });
    await own.aws.setParameterApplication({ fails: true });
    const capture = await starting();
    await attempt(capture);
    await travel(own.aws, MINUTE);
    expect(await never(capture)).toMatch(/pending-reboot: reboot demo-mysql/);
  });

  it("is not a reboot that is pending for another parameter", async () => {
    await own.aws.patchInstance(own.aws.instance, { parameterApplyStatus: "pending-reboot" });
    const capture = await starting();
    await untilReady(capture);
    await releaseLease(env, capture.id);
  });

  it.each(["throttle", "unavailable", "garbage"] as const)(
    "is for a while that AWS answers %s",
    async (kind) => {
      const capture = await starting();
      for (const action of ["DescribeDBParameters", "ModifyDBParameterGroup"]) {
        await own.aws.fault({ kind, action, times: 1 });
        expect(await attempt(capture)).toMatchObject({ ready: false, transient: true });
      }
      await attempt(capture);
      await own.aws.fault({ kind, action: "DescribeDBLogFiles", times: 1 });
      expect(await attempt(capture)).toMatchObject({ ready: false, transient: true });
      await untilReady(capture);
      await releaseLease(env, capture.id);
    },
  );
});

describe("releasing a lease", () => {
  it("is done at once for a capture without a lease, or one that is unknown", async () => {
    expect(await releaseLease(env, (await starting()).id)).toBe(true);
    expect(await releaseLease(env, 999_999)).toBe(true);
  });

  it("keeps the row until the group is restored", async () => {
    const capture = await starting();
    await untilReady(capture);
    await own.aws.deny("rds:*");
    expect(await releaseLease(env, capture.id)).toBe(false);
    expect(await leases()).toHaveLength(1);
    await own.aws.deny();
    await expect.poll(() => releaseLease(env, capture.id)).toBe(true);
    expect(await leases()).toEqual([]);
    expect(await settingsOf(own.aws, groupOf(own.aws))).toEqual({});
  });

  it("leaves other groups alone: each has a lease of its own", async () => {
    const other = await createAccount();
    expect(leaseName(groupOf(other))).not.toBe(leaseName(groupOf(own.aws)));
  });
});

describe("switching the slow log on", () => {
  const SLOW = { log: "slow", minDurationMicros: 0 } as const;
  /** Tries until it is ready. Returns what is known of the log then. */
  async function timingOf(capture: LoggedCapture) {
    await expect.poll(() => attempt(capture), { timeout: 5000 }).toMatchObject({ ready: true });
    const readiness = await attempt(capture);
    return readiness.ready ? readiness.timing : undefined;
  }

  it("is ready when its server has opened the file, and says what was before and since when sessions are whole", async () => {
    const began = Date.now();
    const capture = await starting(undefined, SLOW);
    expect(await attempt(capture)).toMatchObject({ ready: false, transient: true });
    const timing = await timingOf(capture);
    expect(timing?.completeSince).toBeGreaterThan(began);
    expect(timing?.before).toMatchObject({ slow_query_log: null, long_query_time: null, log_output: null });
    expect(await settingsOf(own.aws, groupOf(own.aws))).toMatchObject({
      long_query_time: "0",
      log_slow_extra: "1",
    });
    await releaseLease(env, capture.id);
    expect(await settingsOf(own.aws, groupOf(own.aws))).toEqual({});
  });

  it("is ready with the general log for a capture of both", async () => {
    const capture = await starting(undefined, { log: "both", minDurationMicros: 500_000 });
    expect(await timingOf(capture)).toMatchObject({ before: { log_slow_extra: null } });
    expect(await settingsOf(own.aws, groupOf(own.aws))).toMatchObject({
      general_log: "1",
      slow_query_log: "1",
      long_query_time: "0.5",
    });
    await releaseLease(env, capture.id);
  });

  it("is done again by a look at a log that somebody has changed, which says so of that log alone", async () => {
    const capture = await starting(undefined, { log: "both", minDurationMicros: 0 });
    await timingOf(capture);
    await move(capture.id, "RUNNING");
    const since = Date.now();
    const look = async () => {
      await scheduler.wait(2);
      const instance = await describedInstance(own.aws);
      return keepOn(env, capture, instance, { general: since, slow: since }, Date.now());
    };
    expect(await look()).toEqual({});
    const group = groupOf(own.aws);
    await new GroupLease(own.aws, group, capture).set({ long_query_time: "5" });
    expect(await look()).toEqual({
      slow: "The slow log was switched off in the parameter group demo-mysql-params, and is switched on again",
    });
    expect(await settingsOf(own.aws, group)).toMatchObject({ long_query_time: "0" });
    await releaseLease(env, capture.id);
    expect(await settingsOf(own.aws, group)).toEqual({ long_query_time: "5" });
  });
});
