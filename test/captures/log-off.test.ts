import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { leaseName } from "../../src/environments/parameter-group.ts";
import { GENERAL_LOG_SWITCH } from "../../src/logs/general/switch.ts";
import { createCapture } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { accessOf, GroupLease, groupOf, leaseOf, settingsOf } from "../support/leases.ts";
import { quietLogOf } from "../support/quiet-log.ts";
import { runAlarm, travel, until } from "../support/time.ts";
import { storedLines } from "../workload/support.ts";

/* A log that somebody switches off while a capture needs it is noticed, a gap, and on again. */

const MINUTE = 60_000;

const cast = castForEachTest();

const { write, workloadOf } = quietLogOf(cast);
afterEach(async () => {
  vi.restoreAllMocks();
  await env.DB.prepare("update captures set status = 'DONE', due_at = null").run();
});

const isLogging = async () => (await cast.aws.logFiles(cast.aws.instance)).isLogging;
const started = async (fields: Record<string, unknown> = {}) =>
  until(cast.owner, await createCapture(cast.owner, { envId: cast.environment.id, ...fields }), "RUNNING");

async function stopped(capture: Capture): Promise<Capture> {
  await cast.owner.post(`/api/captures/${capture.id}/stop`);
  return until(cast.owner, capture, "DONE");
}

async function pass(capture: Capture, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    await travel(cast.aws, MINUTE);
    await runAlarm(capture);
  }
}

/** Sets values in the instance's parameter group, as somebody outside of the service does. */
async function set(values: Record<string, string>): Promise<void> {
  const group = groupOf(cast.aws);
  await new GroupLease(cast.aws, group, await accessOf(cast.environment)).set(values);
  expect(await isLogging()).toBe(false);
}

describe("a log that somebody switches off while a capture runs", () => {
  it.each([
    ["general_log", { general_log: "0" }],
    ["log_output", { log_output: "TABLE" }],
  ])("by %s is on again within minutes, and what was missed is a gap with its cause", async (_, values) => {
    const capture = await started();
    await write("SELECT 'before'", "SELECT 'just before'");
    await runAlarm(capture);
    const off = Date.now();
    await set(values);
    await pass(capture, 3);
    expect(await settingsOf(cast.aws, groupOf(cast.aws))).toEqual(GENERAL_LOG_SWITCH.on);
    expect(await isLogging()).toBe(true);
    const problem = (await workloadOf(capture)).live?.problem;
    expect(problem?.reason).toBe(
      "The general log was switched off in the parameter group demo-mysql-params, and is switched on again",
    );
    const on = Date.now();
    await write("SELECT 'after'", "SELECT 'last'");
    await pass(capture, 1);
    expect((await workloadOf(capture)).live?.problem).toBeNull();
    const done = await stopped(capture);
    expect(done.reason).toBeNull();
    const { gaps, gapCount, fragments } = await workloadOf(capture);
    expect(gapCount).toBe(1);
    expect(gaps[0]?.cause).toBe(problem?.reason);
    expect(Date.parse(gaps[0]?.from ?? "")).toBeLessThanOrEqual(off);
    expect(Date.parse(gaps[0]?.to ?? "")).toBeGreaterThanOrEqual(on);
    expect((await storedLines(capture.id, fragments)).map(({ statement }) => statement)).toEqual([
      "SELECT 'before'",
      "SELECT 'just before'",
      "SELECT 'after'",
      "SELECT 'last'",
    ]);
  });

  it("and does not let it be switched on again is a gap until the end, and the capture's reason", async () => {
    const capture = await started({ duration: 20 * 60 });
    await write("SELECT 'before'", "SELECT 'just before'");
    await runAlarm(capture);
    await set({ general_log: "0" });
    await cast.aws.deny("rds:ModifyDBParameterGroup");
    await pass(capture, 3);
    const problem = (await workloadOf(capture)).live?.problem;
    expect(problem?.reason).toMatch(
      /^The general log is off in the parameter group demo-mysql-params, and can't be/,
    );
    expect(problem?.reason).toContain("rds:ModifyDBParameterGroup");
    await pass(capture, 20);
    const done = await until(cast.owner, capture, "DONE");
    expect(done.reason).toBe(`The end of its log is missing. ${problem?.reason}`);
    const { gaps, gapCount } = await workloadOf(capture);
    expect(gapCount).toBe(1);
    expect(gaps[0]).toMatchObject({ to: capture.scheduledEnd, cause: problem?.reason });
  });

  it("is left as they have set it once the capture has ended", async () => {
    const capture = await started();
    await set({ log_output: "NONE" });
    await pass(capture, 3);
    expect(await settingsOf(cast.aws, groupOf(cast.aws))).toEqual(GENERAL_LOG_SWITCH.on);
    await stopped(capture);
    await expect.poll(() => settingsOf(cast.aws, groupOf(cast.aws))).toEqual({ log_output: "NONE" });
  });

  it("although it was on before the capture is on again, and off after it", async () => {
    const group = groupOf(cast.aws);
    const lease = new GroupLease(cast.aws, group, await accessOf(cast.environment));
    await lease.set(GENERAL_LOG_SWITCH.on);
    await expect.poll(isLogging).toBe(true);
    const capture = await started();
    await set({ general_log: "0" });
    await pass(capture, 3);
    expect(await isLogging()).toBe(true);
    expect((await workloadOf(capture)).live?.problem?.reason).toContain("was switched off");
    await stopped(capture);
    await expect.poll(() => settingsOf(cast.aws, group)).toMatchObject({ general_log: "0" });
  });
});

describe("another parameter group of the instance", () => {
  it("has the capture's lease go with it: the one before is given back, the log on in the other, with a gap", async () => {
    const capture = await started();
    await write("SELECT 'before'", "SELECT 'just before'");
    await runAlarm(capture);
    const before = groupOf(cast.aws);
    await cast.aws.patchInstance(cast.aws.instance, { parameterGroup: "another-params" });
    const now = { ...before, parameterGroup: "another-params" };
    await pass(capture, 3);
    expect(await settingsOf(cast.aws, before)).toEqual({});
    expect(await settingsOf(cast.aws, now)).toEqual(GENERAL_LOG_SWITCH.on);
    expect(await leaseOf(before).holders()).toEqual([]);
    expect(await leaseOf(now).holders()).toEqual([capture.id]);
    const { results } = await env.DB.prepare(
      "select lease_name as name from log_leases where capture_id = ?1",
    )
      .bind(capture.id)
      .all();
    expect(results).toEqual([{ name: leaseName(now) }]);
    await write("SELECT 'after'", "SELECT 'last'");
    await pass(capture, 1);
    await stopped(capture);
    const { gaps, gapCount, statements } = await workloadOf(capture);
    expect({ gapCount, statements }).toEqual({ gapCount: 1, statements: 4 });
    expect(gaps[0]?.cause).toBe(
      "demo-mysql was given the parameter group another-params, in which the general log was off",
    );
    await expect.poll(() => settingsOf(cast.aws, now)).toEqual({});
  });

  it("that is Amazon's own can't log: a gap until the end, with what to do", async () => {
    const capture = await started();
    await write("SELECT 'before'", "SELECT 'just before'");
    await runAlarm(capture);
    await cast.aws.patchInstance(cast.aws.instance, { parameterGroup: "default.mysql8.0" });
    await pass(capture, 3);
    expect((await workloadOf(capture)).live?.problem?.reason).toMatch(
      /create a parameter group of the same family/,
    );
    const done = await stopped(capture);
    expect(done.reason).toMatch(
      /^The end of its log is missing\. demo-mysql uses the parameter group default\./,
    );
    expect((await workloadOf(capture)).gapCount).toBe(1);
  });
});

describe("a log that is on", () => {
  it("of an idle server has no gap: Amazon's own sessions are in it", async () => {
    const capture = await started();
    await pass(capture, 25);
    expect((await workloadOf(capture)).live?.problem).toBeNull();
    const done = await stopped(capture);
    expect(done.reason).toBeNull();
    expect((await workloadOf(capture)).gapCount).toBe(0);
  });
});
