import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Capture, LiveMessage } from "../../src/captures/replies.ts";
import { MAX_REARMS } from "../../src/captures/retry.ts";
import { LogLease } from "../../src/leases/lease.ts";
import { Collector } from "../../src/workload/collecting/collector.ts";
import { createCapture, readCapture, runnerOf } from "../support/api.ts";
import { everyMinute } from "../support/cron.ts";
import { castForEachTest } from "../support/each-test.ts";
import { groupOf, settingsOf } from "../support/leases.ts";
import { quietLogOf } from "../support/quiet-log.ts";
import { runAlarm, travel, until } from "../support/time.ts";
import { storedLines } from "../workload/support.ts";

/* What keeps a capture from its log, or from its storage, is said while it does so, waited out, and in the end a gap. */

const MINUTE = 60_000;

const cast = castForEachTest();

const { write, workloadOf } = quietLogOf(cast);
afterEach(async () => {
  vi.restoreAllMocks();
  // A capture that still runs would be overdue at the time of another test.
  await env.DB.prepare("update captures set status = 'DONE', due_at = null").run();
});

const liveOf = async ({ id }: Capture) =>
  (await cast.member.get<LiveMessage>(`/api/captures/${id}/live`)).body.workload;

async function statementsOf(capture: Capture): Promise<string[]> {
  const { fragments } = await workloadOf(capture);
  return (await storedLines(capture.id, fragments)).map(({ statement }) => statement);
}

const started = async (fields: Record<string, unknown> = {}) =>
  until(cast.owner, await createCapture(cast.owner, { envId: cast.environment.id, ...fields }), "RUNNING");
const stop = async (capture: Capture) => cast.owner.post(`/api/captures/${capture.id}/stop`);

/** Lets a minute pass, as the runner and cron see it. */
async function aMinute(capture: Capture): Promise<void> {
  await travel(cast.aws, MINUTE);
  await runAlarm(capture);
  await everyMinute();
}

const R2_SAYS = "put: We encountered an internal error. Please try again. (10001)";

/** Makes R2 fail to store anything, until it is restored. */
function loseStorage(): () => void {
  const put = vi
    .spyOn(Object.getPrototypeOf(env.BUCKET) as R2Bucket, "put")
    .mockImplementation(() => Promise.reject(new Error(R2_SAYS)));
  return () => put.mockRestore();
}

describe("a log that can't be read", () => {
  it("is shown while the capture runs, from the first failure on, with since when and why", async () => {
    const capture = await started();
    await runAlarm(capture);
    expect((await workloadOf(capture)).live?.problem).toBeNull();
    await cast.aws.fault({ kind: "deny", action: "DescribeDBLogFiles" });
    const before = Date.now();
    await runAlarm(capture);
    const problem = (await workloadOf(capture)).live?.problem;
    expect(problem?.reason).toMatch(/^AWS does not permit it: The user or role is not .*\(AccessDenied\)/);
    expect(Date.parse(problem?.since ?? "")).toBeGreaterThanOrEqual(before);
    expect((await liveOf(capture))?.problem).toEqual(problem);
    await aMinute(capture);
    expect((await workloadOf(capture)).live?.problem).toEqual(problem);
    await cast.aws.clearFaults();
    await runAlarm(capture);
    expect((await workloadOf(capture)).live?.problem).toBeNull();
    expect((await liveOf(capture))?.problem).toBeNull();
  });

  it("from the start to the end is a gap from the start to the end, and the reason says why", async () => {
    const capture = await started({ duration: 120 });
    await write("SELECT 'nobody reads this'");
    await cast.aws.fault({ kind: "deny", action: "DownloadDBLogFilePortion" });
    await travel(cast.aws, 3 * MINUTE);
    await until(cast.owner, capture, "STOPPING");
    await runAlarm(capture);
    await travel(cast.aws, 11 * MINUTE);
    const done = await until(cast.owner, capture, "DONE");
    const { gaps, gapCount, records } = await workloadOf(capture);
    expect({ gapCount, records }).toEqual({ gapCount: 1, records: 0 });
    expect(gaps).toEqual([
      {
        from: capture.start,
        to: capture.scheduledEnd,
        cause: expect.stringContaining("AccessDenied"),
        log: "general",
      },
    ]);
    expect(done.reason).toMatch(/^The end of its log is missing\. AWS does not permit it: /);
  });

  it("of a back-dated capture neither is a gap with that cause, not one without a log", async () => {
    const start = new Date(Date.now() - 30 * MINUTE).toISOString();
    const capture = await started({ start });
    await cast.aws.fault({ kind: "deny", action: "DownloadDBLogFilePortion" });
    await stop(capture);
    await runAlarm(capture);
    await travel(cast.aws, 11 * MINUTE);
    const done = await until(cast.owner, capture, "DONE");
    expect((await workloadOf(capture)).gaps).toEqual([
      { from: start, to: done.end, cause: expect.stringMatching(/^AWS does not permit/), log: "general" },
    ]);
  });

  it("for a moment is retried, however long ago the capture's end was when its log is read", async () => {
    const before = await started();
    const start = new Date().toISOString();
    await write("SELECT 'then'");
    await travel(cast.aws, 30 * MINUTE);
    const capture = await createCapture(cast.owner, { envId: cast.environment.id, start, duration: 60 });
    await cast.aws.fault({ kind: "unavailable", action: "DownloadDBLogFilePortion", times: 2 });
    const done = await until(cast.owner, capture, "DONE");
    expect(done.reason).toBeNull();
    expect(await statementsOf(capture)).toContain("SELECT 'then'");
    await stop(before);
  });

  it("from some moment on is a gap from the last record, after a reason that is there already", async () => {
    const capture = await started({ maxBytes: 100 });
    await write("SELECT 1", "SELECT 2", "SELECT 3");
    await runAlarm(capture);
    await cast.aws.fault({ kind: "unavailable", action: "DescribeDBLogFiles" });
    await until(cast.owner, capture, "STOPPING");
    await travel(cast.aws, 11 * MINUTE);
    const done = await until(cast.owner, capture, "DONE");
    expect(done.reason).toMatch(
      /^It recorded as much as it may, 100 bytes, and was ended early\. The end of its log is missing\. AWS could not answer: /,
    );
    const { gaps, lastRecord } = await workloadOf(capture);
    expect(gaps).toHaveLength(1);
    expect(gaps[0]?.from.slice(0, 19)).toBe(lastRecord?.slice(0, 19));
    expect(gaps[0]?.to).toBe(done.end);
  });
});

describe("R2 that is away", () => {
  it("for 34 minutes fails no running capture, is shown, and nothing is missing after it", async () => {
    const capture = await started();
    await write("SELECT 'before'");
    await runAlarm(capture);
    const recover = loseStorage();
    for (let minute = 0; minute < MAX_REARMS + 4; minute++) {
      await write(`SELECT ${minute}`);
      await aMinute(capture);
    }
    expect((await readCapture(cast.owner, capture)).status).toBe("RUNNING");
    const problem = (await workloadOf(capture)).live?.problem;
    expect(problem?.reason).toContain(R2_SAYS);
    expect(Date.now() - Date.parse(problem?.since ?? "")).toBeGreaterThan(32 * MINUTE);
    recover();
    await stop(capture);
    const done = await until(cast.owner, capture, "DONE");
    expect(done.reason).toBeNull();
    expect(await statementsOf(capture)).toEqual([
      "SELECT 'before'",
      ...Array.from({ length: MAX_REARMS + 4 }, (_, minute) => `SELECT ${minute}`),
    ]);
    expect((await workloadOf(capture)).gapCount).toBe(0);
  });

  it("when a capture ends is retried, however long it takes, also for the manifest alone", async () => {
    const capture = await started();
    await write("SELECT 1", "SELECT 2");
    await runAlarm(capture);
    await stop(capture);
    const recover = loseStorage();
    for (let minute = 0; minute < MAX_REARMS + 4; minute++) await aMinute(capture);
    expect((await readCapture(cast.owner, capture)).status).toBe("STOPPING");
    expect((await workloadOf(capture)).live?.problem?.reason).toContain(R2_SAYS);
    recover();
    const done = await until(cast.owner, capture, "DONE");
    expect(done.reason).toBeNull();
    expect(await statementsOf(capture)).toEqual(["SELECT 1", "SELECT 2"]);
    expect((await workloadOf(capture)).gapCount).toBe(0);
  });
});

describe("a capture that cron fails", () => {
  it("has a gap up to its end, and its reason names the last error", async () => {
    const capture = await started();
    await write("SELECT 1", "SELECT 2");
    await runAlarm(capture);
    vi.spyOn(Collector.prototype, "collect").mockRejectedValue(new TypeError("statement: SELECT 'secret'"));
    const recover = loseStorage();
    for (let minute = 0; minute < MAX_REARMS + 5; minute++) await aMinute(capture);
    const failed = await readCapture(cast.owner, capture);
    expect(failed.status).toBe("FAILED");
    expect(failed.reason).toBe(
      "It stayed RUNNING and could not be moved on, although it was woken 30 times. " +
        "This service met an error of its own (TypeError): its log says more",
    );
    // The customer's log is not left on because R2 is away.
    expect(await settingsOf(cast.aws, groupOf(cast.aws))).toEqual({});
    expect(await env.BUCKET.head(`captures/${capture.id}/workload/manifest.json`)).toBeNull();
    recover();
    await runAlarm(capture);
    const { gaps, gapCount, records, lastRecord } = await workloadOf(capture);
    expect({ gapCount, records }).toEqual({ gapCount: 1, records: 2 });
    expect(gaps[0]).toMatchObject({ to: failed.end, cause: failed.reason });
    expect(gaps[0]?.from.slice(0, 19)).toBe(lastRecord?.slice(0, 19));
  });
});

describe("a lease that can't be reached", () => {
  it("when a capture ends does not fail the capture; cron releases the lease", async () => {
    const capture = await started();
    await write("SELECT 1", "SELECT 2");
    const release = vi
      .spyOn(LogLease.prototype, "release")
      .mockRejectedValue(new Error("the object is away"));
    await stop(capture);
    const done = await until(cast.owner, capture, "DONE");
    expect(done.reason).toBeNull();
    expect(await statementsOf(capture)).toEqual(["SELECT 1", "SELECT 2"]);
    expect(await settingsOf(cast.aws, groupOf(cast.aws))).not.toEqual({});
    release.mockRestore();
    expect(await everyMinute()).toMatchObject({ leasesReleased: 1 });
    expect(await settingsOf(cast.aws, groupOf(cast.aws))).toEqual({});
  });
});

describe("what was stored by the version before", () => {
  it("is read: it has no problem noted, nor how the end was dealt with", async () => {
    const capture = await started();
    await write("SELECT 1", "SELECT 2");
    await runAlarm(capture);
    await runInDurableObject(runnerOf(capture), (_, { storage }) => {
      storage.kv.delete("problem");
      storage.kv.delete("closed");
    });
    await stop(capture);
    await until(cast.owner, capture, "DONE");
    expect(await statementsOf(capture)).toEqual(["SELECT 1", "SELECT 2"]);
  });
});
