import { createScheduledController, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { MAX_REARMS } from "../../src/captures/retry.ts";
import { CaptureRunner } from "../../src/captures/runner.ts";
import worker from "../../src/index.ts";
import { ALARM_GRACE_MS } from "../../src/lib/alarms.ts";
import { Collector } from "../../src/workload/collecting/collector.ts";
import type { Workload } from "../../src/workload/replies.ts";
import { createCapture, readCapture, runnerOf } from "../support/api.ts";
import { everyMinute } from "../support/cron.ts";
import { castForEachTest } from "../support/each-test.ts";
import { failing } from "../support/faults.ts";
import { alarmOf, inFuture, runAlarm, travel, until } from "../support/time.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const cast = castForEachTest();

afterEach(async () => {
  vi.restoreAllMocks();
  // What still runs would be overdue in the time of another test.
  await env.DB.prepare("update captures set status = 'DONE', due_at = null").run();
});

const create = (fields: object = {}) => createCapture(cast.owner, { envId: cast.environment.id, ...fields });
const loseAlarm = (capture: Capture) =>
  runInDurableObject(runnerOf(capture), (_, { storage }) => storage.deleteAll());
const count = (sql: string) => env.DB.prepare(`select count(*) as n from ${sql}`).first<number>("n");

describe("every minute", () => {
  it("finds nothing when every capture is on time", async () => {
    const capture = await until(cast.owner, await create({ duration: 3600 }), "RUNNING");
    await create({ scheduledStart: inFuture(60 * MINUTE) });
    expect(await everyMinute()).toMatchObject({ found: 0, rearmed: 0, failed: 0, errors: 0 });
    expect((await readCapture(cast.owner, capture)).status).toBe("RUNNING");
  });

  it("starts a capture whose Worker died before it set the alarm", async () => {
    const wake = vi.spyOn(CaptureRunner.prototype, "wake").mockRejectedValue(new Error("died"));
    const capture = await create();
    wake.mockRestore();
    expect(await alarmOf(capture)).toBeNull();
    await travel(cast.aws, MINUTE);
    expect(await everyMinute()).toMatchObject({ found: 1, rearmed: 1 });
    await until(cast.owner, capture, "RUNNING");
  });

  it("starts a scheduled capture whose alarm was lost", async () => {
    const capture = await create({ scheduledStart: inFuture(MINUTE) });
    await loseAlarm(capture);
    await everyMinute();
    expect(await alarmOf(capture)).toBeNull();
    await travel(cast.aws, 2 * MINUTE);
    await everyMinute();
    await until(cast.owner, capture, "RUNNING");
  });

  it.each([
    ["cron", () => everyMinute()],
    [
      "somebody who tells its runner of a later time",
      (capture: Capture) => runnerOf(capture).wake(capture.id, Date.now() + DAY),
    ],
  ])("starts a scheduled capture whose alarm stands in the past and never fires, by %s", async (_, wake) => {
    const capture = await create({ scheduledStart: inFuture(MINUTE) });
    // The clock passes the alarm, which does not come.
    await travel(cast.aws, MINUTE + ALARM_GRACE_MS + 1);
    expect(await alarmOf(capture)).toBeLessThan(Date.now() - ALARM_GRACE_MS);
    await wake(capture);
    const alarm = (await alarmOf(capture)) ?? 0;
    expect(alarm).toBeGreaterThan(Date.now());
    expect(alarm).toBeLessThan(Date.now() + 1000);
    await until(cast.owner, capture, "RUNNING");
  });

  it("leaves an alarm that is a few seconds late", async () => {
    const capture = await create({ scheduledStart: inFuture(MINUTE) });
    const alarm = await alarmOf(capture);
    await travel(cast.aws, MINUTE + ALARM_GRACE_MS / 2);
    await runnerOf(capture).rearm(capture.id);
    expect(await alarmOf(capture)).toBe(alarm);
  });

  it("ends a running capture whose alarm was lost, at its scheduled end", async () => {
    const capture = await until(cast.owner, await create({ duration: 60 }), "RUNNING");
    await loseAlarm(capture);
    await travel(cast.aws, 2 * MINUTE);
    await everyMinute();
    expect((await until(cast.owner, capture, "DONE")).end).toBe(capture.scheduledEnd);
  });

  it.each([
    ["with its end a day away", { duration: 86_400 }],
    ["without an end", {}],
  ])(
    "has a capture %s go on within minutes of its alarm being lost, and nothing is missing",
    async (_, fields) => {
      await cast.aws.setWorkload(cast.aws.instance, { rate: 0 });
      const capture = await until(cast.owner, await create({ ...fields }), "RUNNING");
      await runInDurableObject(runnerOf(capture), (_, { storage }) => storage.deleteAlarm());
      const query = (statement: string) => ({ threadId: 7, command: "Query", statement });
      await cast.aws.appendLog(cast.aws.instance, [query("SELECT 1"), query("SELECT 2")]);
      await travel(cast.aws, 4 * MINUTE);
      expect(await everyMinute()).toMatchObject({ found: 1, rearmed: 1 });
      expect(await runAlarm(capture)).toBe(true);
      const statements = async () =>
        (await cast.owner.get<Workload>(`/api/captures/${capture.id}/workload`)).body.statements;
      // The last one is open until the next record begins, which may be Amazon's.
      expect(await statements()).toBeGreaterThanOrEqual(1);
      expect(await everyMinute()).toMatchObject({ found: 0 });
      expect((await readCapture(cast.owner, capture)).status).toBe("RUNNING");
      await cast.owner.post(`/api/captures/${capture.id}/stop`);
      await until(cast.owner, capture, "DONE");
      expect(await statements()).toBe(2);
    },
  );

  it("leaves a running capture that reads its log, for hours, also while AWS does not answer", async () => {
    const capture = await until(cast.owner, await create(), "RUNNING");
    for (let minute = 0; minute < 60; minute++) {
      if (minute === 10) await cast.aws.fault({ kind: "unavailable" });
      if (minute === 50) await cast.aws.clearFaults();
      await travel(cast.aws, MINUTE);
      await runAlarm(capture);
      expect(await everyMinute()).toMatchObject({ found: 0 });
    }
    expect((await readCapture(cast.owner, capture)).status).toBe("RUNNING");
  });

  it("fails a running capture whose every reading is cut off, though its alarms come", async () => {
    const capture = await until(cast.owner, await create(), "RUNNING");
    vi.spyOn(Collector.prototype, "collect").mockRejectedValue(new Error("out of memory"));
    for (let minute = 0; minute < MAX_REARMS + 5; minute++) {
      await travel(cast.aws, MINUTE);
      await runAlarm(capture);
      await everyMinute();
    }
    expect(await readCapture(cast.owner, capture)).toMatchObject({
      status: "FAILED",
      reason:
        "It stayed RUNNING and could not be moved on, although it was woken 30 times. " +
        "This service met an error of its own (Error): its log says more",
    });
  });

  it("finishes a stop that its runner was not told of, although its alarm is set for the scheduled end", async () => {
    const capture = await until(cast.owner, await create({ duration: 3600 }), "RUNNING");
    const wake = vi.spyOn(CaptureRunner.prototype, "wake").mockRejectedValue(new Error("died"));
    expect((await cast.owner.post(`/api/captures/${capture.id}/stop`)).status).toBe(200);
    wake.mockRestore();
    await runInDurableObject(runnerOf(capture), (_, { storage }) =>
      storage.setAlarm(Date.parse(capture.scheduledEnd ?? "")),
    );
    await travel(cast.aws, MINUTE);
    await everyMinute();
    await until(cast.owner, capture, "DONE");
  });

  it("leaves a runner that waits for its next attempt", async () => {
    await cast.aws.fault({ kind: "throttle" });
    const capture = await create();
    await runAlarm(capture);
    await expect.poll(() => readCapture(cast.owner, capture)).toMatchObject({ status: "STARTING" });
    await travel(cast.aws, MINUTE);
    await runAlarm(capture);
    const alarm = await alarmOf(capture);
    await everyMinute();
    expect(await alarmOf(capture)).toBe(alarm);
    await cast.owner.delete(`/api/captures/${capture.id}`);
  });

  it("fails a capture that does not move although it was woken many times", async () => {
    const capture = await create({ scheduledStart: inFuture(MINUTE) });
    vi.spyOn(CaptureRunner.prototype, "alarm").mockResolvedValue(undefined);
    await travel(cast.aws, 2 * MINUTE);
    for (let minute = 0; minute < MAX_REARMS; minute++)
      expect(await everyMinute()).toMatchObject({ failed: 0 });
    expect((await readCapture(cast.owner, capture)).status).toBe("SCHEDULED");
    expect(await everyMinute()).toMatchObject({ failed: 1 });
    const failed = await readCapture(cast.owner, capture);
    expect(failed.status).toBe("FAILED");
    expect(failed.reason).toBe(
      "It stayed SCHEDULED and could not be moved on, although it was woken 30 times",
    );
    const { body } = await cast.owner.get<{ actor: object }[]>(`/api/captures/${capture.id}/events`);
    expect(body.at(-1)?.actor).toEqual({ type: "cleanup" });
  });

  it.each([
    ["is lost", true],
    ["does not come, for nothing was done", false],
  ])("counts no wake that was not made: what the database answers %s", async (_, isAnswerLost) => {
    const capture = await create({ scheduledStart: inFuture(MINUTE) });
    await loseAlarm(capture);
    await travel(cast.aws, 2 * MINUTE);
    const error = new Error("D1_ERROR: Network connection lost.");
    const { DB } = failing(/captures/, error, { times: Number.POSITIVE_INFINITY, isAnswerLost });
    for (let minute = 0; minute < MAX_REARMS + 5; minute++) {
      const run = worker.scheduled(createScheduledController({ cron: "* * * * *" }), { ...env, DB });
      await expect(run).rejects.toThrow("Network connection lost");
    }
    expect(await readCapture(cast.owner, capture)).toMatchObject({ status: "SCHEDULED" });
    expect(await everyMinute()).toMatchObject({ found: 1, rearmed: 1 });
    await until(cast.owner, capture, "RUNNING");
  });

  it("continues with the others when one runner can't be reached", async () => {
    const captures = await Promise.all([1, 2, 3].map(() => create({ scheduledStart: inFuture(MINUTE) })));
    for (const capture of captures) await loseAlarm(capture);
    vi.spyOn(CaptureRunner.prototype, "rearm").mockRejectedValueOnce(new Error("away"));
    await travel(cast.aws, 2 * MINUTE);
    expect(await everyMinute()).toMatchObject({ found: 3, rearmed: 2, errors: 1 });
    vi.restoreAllMocks();
    await everyMinute();
    for (const capture of captures) await until(cast.owner, capture, "RUNNING");
  });

  it("takes a bounded number at a time, and reaches all of them", async () => {
    await env.DB.prepare(
      `insert into captures (env_id, owner_id, name, region, instance, status, created_at, due_at, scheduled_start)
       select ?1, ?2, 'overdue ' || value, 'us-east-1', 'i', 'SCHEDULED', 0, 1, ?4 from json_each(?3)`,
    )
      .bind(
        cast.environment.id,
        cast.owner.id,
        JSON.stringify(Array.from({ length: 600 }, (_, i) => i)),
        Date.now() + DAY,
      )
      .run();
    vi.spyOn(CaptureRunner.prototype, "rearm").mockResolvedValue(undefined);
    expect(await everyMinute()).toMatchObject({ found: 400 });
    expect(await everyMinute()).toMatchObject({ found: 400 });
    expect(await count("captures where name like 'overdue %' and rearmed = 0")).toBe(0);
    await env.DB.prepare("delete from captures where name like 'overdue %'").run();
  });
});
