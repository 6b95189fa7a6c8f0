import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import type { WorkloadDigest, WorkloadSeries, WorkloadSpan } from "../../src/workload/replies.ts";
import { createCapture, createEnvironment, linesOf, runnerOf } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { groupOf, settingsOf } from "../support/leases.ts";
import { quietLogOf } from "../support/quiet-log.ts";
import { alarmOf, nextMoment, runAlarm, travel, until } from "../support/time.ts";
import { storedLines } from "../workload/support.ts";
import { movesOf, WHOLE_LIFE } from "./support.ts";

const cast = castForEachTest();

const { write, workloadOf } = quietLogOf(cast);

/** The statements that are stored of a capture. */
async function statementsOf(capture: Capture): Promise<string[]> {
  const { fragments } = await workloadOf(capture);
  return (await storedLines(capture.id, fragments)).map(({ statement }) => statement);
}

/** Stops a capture and waits until all of it is stored. */
async function finish(capture: Capture): Promise<Capture> {
  await nextMoment();
  await cast.owner.post(`/api/captures/${capture.id}/stop`);
  return until(cast.owner, capture, "DONE");
}

const started = async (fields: Record<string, unknown> = {}) =>
  until(cast.owner, await createCapture(cast.owner, { envId: cast.environment.id, ...fields }), "RUNNING");

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `SELECT ${from + i}`);

describe("a capture's workload", () => {
  it("is every statement between its start and its end, and nothing else", async () => {
    // Keeps the log on, before the capture and after it.
    await started();
    await write("before");
    await nextMoment();
    const capture = await started();
    await write(...numbers(0, 20));
    await runAlarm(capture);
    await write(...numbers(20, 30));
    await finish(capture);
    await write("after");
    expect(await statementsOf(capture)).toEqual(numbers(0, 30));
    expect(await workloadOf(capture)).toMatchObject({
      statements: 30,
      commands: { Query: 30 },
      gapCount: 0,
      live: null,
    });
  });

  it("has as many statements over time as in all, while it runs and once it has ended", async () => {
    const capture = await started();
    const shown = async () => {
      const path = `/api/captures/${capture.id}/workload`;
      const { points } = (await cast.owner.get<WorkloadSeries>(`${path}/series`)).body;
      const [first] = (await cast.owner.get<WorkloadDigest[]>(`${path}/digest`)).body;
      const ofFirst = await cast.owner.get<WorkloadSeries>(
        `${path}/series?fingerprint=${first?.fingerprint}`,
      );
      const sum = (all: WorkloadSeries["points"]) => all.reduce((n, { statements }) => n + statements, 0);
      const inAll = (await cast.owner.get<WorkloadSpan>(`${path}/series/statements`)).body;
      const ofSpan = inAll.statements.find(({ fingerprint }) => fingerprint === first?.fingerprint);
      expect([inAll.whole.statements, ofSpan?.statements]).toEqual([sum(points), sum(ofFirst.body.points)]);
      return [sum(points), sum(ofFirst.body.points)];
    };
    await write(...numbers(0, 6));
    await runAlarm(capture);
    expect(await shown()).toEqual([5, 5]);
    await write("COMMIT");
    await finish(capture);
    expect(await shown()).toEqual([7, 6]);
  });

  it("can be watched while it runs", async () => {
    const capture = await started();
    await write(...numbers(0, 6));
    await runAlarm(capture);
    expect(await workloadOf(capture)).toMatchObject({
      statements: 5,
      live: { behindBy: expect.any(Number) },
    });
  });

  it("survives its object being aborted between any two steps, each statement once", async () => {
    const capture = await started();
    for (let round = 0; round < 6; round++) {
      await write(...numbers(round * 10, round * 10 + 10));
      const alarm = runAlarm(capture).catch(() => false);
      if (round % 2 === 0) {
        await scheduler.wait(round * 7);
        await abortAllDurableObjects();
      }
      await alarm;
    }
    await finish(capture);
    expect(await statementsOf(capture)).toEqual(numbers(0, 60));
  });

  it("ends early, as DONE and with a reason, when it has recorded as much as it may", async () => {
    const capture = await started({ maxBytes: 1000 });
    await write(...numbers(0, 100));
    const done = await until(cast.owner, capture, "DONE");
    expect(done.reason).toBe("It recorded as much as it may, 1000 bytes, and was ended early");
    expect((await workloadOf(capture)).bytes).toBeGreaterThanOrEqual(1000);
  });

  it("has no literals when that was asked for, and no passwords at any rate", async () => {
    const plain = await started();
    const redacted = await started({ redact: "literals" });
    await write(
      "SELECT * FROM t WHERE a = 'secret' AND b = 42",
      "ALTER USER 'x'@'%' IDENTIFIED BY 'hunter2'",
      "end",
    );
    await Promise.all([finish(plain), finish(redacted)]);
    expect((await statementsOf(plain)).join()).toContain("'secret' AND b = 42");
    expect((await statementsOf(redacted)).join()).toContain("a = ? AND b = ?");
    expect((await statementsOf(plain)).join() + (await statementsOf(redacted)).join()).not.toContain(
      "hunter2",
    );
    expect((await workloadOf(redacted)).redact).toBe("literals");
  });

  it.each([
    ["redact", "everything", 'redact: must be "literals", or absent'],
    ["maxBytes", 0, "maxBytes: must be a positive integer"],
    ["maxBytes", "1 GB", "maxBytes: must be a number"],
  ])("is not recorded with %s of %j", async (field, value, message) => {
    const reply = await cast.owner.post("/api/captures", {
      name: "x",
      envId: cast.environment.id,
      [field]: value,
    });
    expect(reply).toMatchObject({ status: 400, body: { message } });
  });

  it("ends with the stop, also for a reading of the log that began before", async () => {
    const capture = await started();
    await write("SELECT 'before the stop'");
    // The log is answered as it is half a second after it was asked for.
    await cast.aws.fault({ kind: "delay", delayMs: 500, action: "DownloadDBLogFilePortion", times: 1 });
    const lists = async () =>
      (await cast.aws.requests()).filter(({ action }) => action === "DescribeDBLogFiles").length;
    const before = await lists();
    const reading = runAlarm(capture);
    await expect.poll(lists).toBeGreaterThan(before);
    await nextMoment();
    await cast.owner.post(`/api/captures/${capture.id}/stop`);
    // Only the second shows that the first is complete.
    await write("SELECT 'after the stop'", "SELECT 'later'");
    await reading;
    await until(cast.owner, capture, "DONE");
    expect(await statementsOf(capture)).toEqual(["SELECT 'before the stop'"]);
  });

  it("of a deleted capture is not read any further, and its lease is released; what was recorded is there if it is brought back", async () => {
    const capture = await started();
    await write("SELECT 'before'", "SELECT 'open'");
    await runAlarm(capture);
    await cast.aws.clearRequests();
    await write("SELECT 'unread'");
    await cast.owner.delete(`/api/captures/${capture.id}`);
    await expect.poll(() => movesOf(capture)).toEqual(WHOLE_LIFE);
    expect(await settingsOf(cast.aws, groupOf(cast.aws))).toEqual({});
    const read = (await cast.aws.requests()).filter(({ action }) => action === "DownloadDBLogFilePortion");
    expect(read).toEqual([]);
    const { body } = await cast.owner.post<Capture>(`/api/captures/${capture.id}/restore`);
    expect(body).toMatchObject({ status: "DONE", end: expect.any(String) });
    expect(body.reason).toMatch(/^The end of its log is missing\. The capture was deleted while it ran/);
    expect(await statementsOf(capture)).toEqual(["SELECT 'before'", "SELECT 'open'"]);
    const { gaps } = await workloadOf(capture);
    expect(gaps).toMatchObject([{ cause: expect.stringContaining("deleted while it ran") }]);
  });
});

describe("the general log", () => {
  it("is on while a capture of the group runs, and restored after the last", async () => {
    const group = groupOf(cast.aws);
    // A second alarm, which only a test lets come meanwhile, makes a capture DONE before the first has restored the log.
    const restored = () => expect.poll(() => settingsOf(cast.aws, group)).toEqual({});
    await restored();
    const [one, two] = [await started(), await started()];
    expect(await settingsOf(cast.aws, group)).toEqual({ general_log: "1", log_output: "FILE" });
    await finish(one);
    expect(await settingsOf(cast.aws, group)).toEqual({ general_log: "1", log_output: "FILE" });
    await write("SELECT 'two is still recorded'");
    await finish(two);
    expect(await statementsOf(two)).toContain("SELECT 'two is still recorded'");
    await restored();
  });

  it("of Amazon's own parameter group can't be switched on, and the reason says what to do", async () => {
    const { environment } = await createEnvironment(cast.owner, {
      aws: { ...cast.aws, instance: "demo-default-group" },
      allowNotReady: true,
    });
    const failed = await until(
      cast.owner,
      await createCapture(cast.owner, { envId: environment.id }),
      "FAILED",
    );
    expect(failed.reason).toMatch(/uses the parameter group default\.mysql8\.0, .* create a parameter group/);
  });

  it("that the credentials may not switch on fails the capture with the permission to give", async () => {
    await cast.aws.deny("rds:ModifyDBParameterGroup");
    const failed = await until(
      cast.owner,
      await createCapture(cast.owner, { envId: cast.environment.id }),
      "FAILED",
    );
    expect(failed.reason).toContain("rds:ModifyDBParameterGroup");
  });

  it("that stays unreadable is a gap until the end, and the capture is DONE with what it has", async () => {
    const capture = await started();
    await write(...numbers(0, 10));
    await runAlarm(capture);
    await cast.aws.fault({ kind: "deny", action: "DescribeDBLogFiles" });
    await cast.owner.post(`/api/captures/${capture.id}/stop`);
    await runAlarm(capture);
    await travel(cast.aws, 11 * 60_000);
    const done = await until(cast.owner, capture, "DONE");
    const { gaps } = await workloadOf(capture);
    expect(gaps).toMatchObject([{ to: done.end, cause: expect.stringContaining("AccessDenied") }]);
    expect((await statementsOf(capture)).length).toBeGreaterThanOrEqual(9);
  });
});

describe("a collector's state that can no longer be read", () => {
  const damage = (capture: Capture) =>
    runInDurableObject(runnerOf(capture), (_, { storage }) =>
      storage.kv.put("recording/follower/0000", new TextEncoder().encode('{"version":9}')),
    );

  it.each(["RUNNING", "STOPPING"])(
    "fails its %s capture once, with what was stored until then and a gap for the rest",
    async (status) => {
      const capture = await started();
      await write(...numbers(0, 20), "the open one");
      await expect.poll(async () => runAlarm(capture).then(() => statementsOf(capture))).toHaveLength(20);
      // Nothing of it is in memory any more.
      await abortAllDurableObjects();
      await damage(capture);
      await write("after");
      if (status === "STOPPING") await cast.owner.post(`/api/captures/${capture.id}/stop`);
      const lines = await linesOf(() => until(cast.owner, capture, "FAILED"));
      await runAlarm(capture);
      expect(lines.filter(({ event }) => event === "capture.recording.unreadable")).toMatchObject([
        {
          captureId: capture.id,
          error: expect.stringMatching(/^Unreadable: The follower's state is of version 9/),
        },
      ]);
      const { body } = await cast.owner.get<Capture>(`/api/captures/${capture.id}`);
      expect(body.reason).toMatch(/^What the service kept of the recording can't be read any more/);
      expect(await statementsOf(capture)).toEqual(numbers(0, 20));
      const workload = await workloadOf(capture);
      expect(workload).toMatchObject({ records: 20, fragments: 1, gapCount: 1, live: null });
      expect(workload.gaps).toMatchObject([
        {
          from: `${workload.lastRecord?.slice(0, 23)}Z`,
          to: body.end,
          cause: expect.stringMatching(/^What the service kept of the recording could not be read/),
        },
      ]);
      await expect.poll(() => settingsOf(cast.aws, groupOf(cast.aws))).toEqual({});
    },
  );

  it("is a gap from the start to the end when nothing was stored of it", async () => {
    const capture = await started();
    await damage(capture);
    await abortAllDurableObjects();
    const { start, end } = await until(cast.owner, capture, "FAILED");
    await runAlarm(capture);
    expect(await workloadOf(capture)).toMatchObject({
      records: 0,
      fragments: 0,
      gaps: [{ from: start, to: end }],
    });
  });
});

describe("the workload of a capture that has failed", () => {
  it.each(["deleted", "not deleted"])("stays as it is when it is restored, %s, long after", async (which) => {
    const capture = await started();
    await write(...numbers(0, 20), "the open one");
    await expect.poll(async () => runAlarm(capture).then(() => statementsOf(capture))).toHaveLength(20);
    await env.DB.prepare("update captures set status = 'FAILED', ended_at = ?2 where id = ?1")
      .bind(capture.id, Date.now())
      .run();
    const isAtRest = async () => [await runAlarm(capture), await alarmOf(capture)];
    await runAlarm(capture);
    await travel(cast.aws, 60 * 60_000);
    await expect.poll(isAtRest).toEqual([false, null]);
    await abortAllDurableObjects();
    const before = await workloadOf(capture);
    expect(before).toMatchObject({ records: 21 });

    if (which === "deleted") await cast.owner.delete(`/api/captures/${capture.id}`);
    expect((await cast.owner.post(`/api/captures/${capture.id}/restore`)).status).toBe(200);
    if (which === "not deleted") expect(await alarmOf(capture)).toBeNull();
    // Whatever else may wake a runner that rests.
    await runnerOf(capture).wake(capture.id, Date.now());
    await runAlarm(capture);
    await expect.poll(isAtRest).toEqual([false, null]);
    expect(await workloadOf(capture)).toEqual(before);
    expect(await statementsOf(capture)).toEqual([...numbers(0, 20), "the open one"]);
  });
});
