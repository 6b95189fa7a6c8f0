import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { CaptureRunner } from "../../src/captures/runner.ts";
import type { Capture } from "../../src/captures/schema.ts";
import { Recorder } from "../../src/workload/recorder.ts";
import { type Cast, createCapture, createCast, inNewEnvironment, runnerOf } from "../support/api.ts";
import { runAlarm, travel, until } from "../support/time.ts";

const MINUTE = 60_000;

let cast: Cast;
let envId: number;

beforeAll(async () => {
  cast = await createCast();
});

// Of its own for each test: time passes in them, and would go back for the next.
beforeEach(async () => {
  cast = await inNewEnvironment(cast);
  envId = cast.environment.id;
});

afterEach(() => vi.restoreAllMocks());

const inFuture = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();
const get = async ({ id }: Capture) => (await cast.owner.get<Capture>(`/api/captures/${id}`)).body;
const alarmOf = (capture: Capture) =>
  runInDurableObject(runnerOf(capture), (_, state) => state.storage.getAlarm()) as Promise<number | null>;
const moves = async ({ id }: Capture) =>
  (
    await env.DB.prepare("select to_status as status from capture_events where capture_id = ?1 order by id")
      .bind(id)
      .all()
  ).results.map(({ status }) => status);

const WHOLE_LIFE = ["STARTED", "STARTING", "RUNNING", "STOPPING", "DONE"];

describe("starting", () => {
  it("runs a capture at once, with its start and an end that its duration counts from", async () => {
    const before = Date.now();
    const capture = await until(
      cast.owner,
      await createCapture(cast.owner, { envId, duration: 60 }),
      "RUNNING",
    );
    const start = Date.parse(capture.start ?? "");
    expect(start).toBeGreaterThanOrEqual(before);
    expect(Date.parse(capture.scheduledEnd ?? "")).toBe(start + MINUTE);
    // It comes earlier to read the log.
    expect(await alarmOf(capture)).toBeLessThanOrEqual(start + MINUTE);
  });

  it("needs no help: the alarms come by themselves", async () => {
    const capture = await createCapture(cast.owner, { envId });
    await expect.poll(() => get(capture), { timeout: 10_000 }).toMatchObject({ status: "RUNNING" });
  });

  it("waits for the scheduled start, and then starts", async () => {
    const capture = await createCapture(cast.owner, {
      envId,
      scheduledStart: inFuture(60 * MINUTE),
      duration: 120,
    });
    expect(await alarmOf(capture)).toBe(Date.parse(capture.scheduledStart ?? ""));
    await runAlarm(capture);
    expect((await get(capture)).status).toBe("SCHEDULED");
    await travel(cast.aws, 60 * MINUTE);
    const running = await until(cast.owner, capture, "RUNNING");
    expect(running.scheduledEnd).toBe(capture.scheduledEnd);
    expect(await moves(capture)).toEqual(["SCHEDULED", "STARTED", "STARTING", "RUNNING"]);
  });

  it("signs the check of the instance with the environment's key", async () => {
    await cast.aws.clearRequests();
    await until(cast.owner, await createCapture(cast.owner, { envId }), "RUNNING");
    const calls = (await cast.aws.requests()).filter(({ action }) => action === "DescribeDBInstances");
    expect(calls.at(-1)).toMatchObject({ status: 200, accessKeyId: cast.aws.credentials.accessKeyId });
  });

  it("keeps a back-dated start, and ends a capture whose time has all passed", async () => {
    const start = inFuture(-60 * MINUTE);
    const capture = await createCapture(cast.owner, { envId, start, duration: 120 });
    const done = await until(cast.owner, capture, "DONE");
    expect(done).toMatchObject({ start, end: new Date(Date.parse(start) + 120_000).toISOString() });
  });

  it.each([
    ["the key is not known any more", "InvalidClientTokenId"],
    ["a policy forbids it", "AccessDenied"],
    ["the instance is gone", "DBInstanceNotFound"],
    ["the instance is stopped", "stopped"],
  ])("fails with a reason to act on when %s", async (_, word) => {
    const capture = await createCapture(cast.owner, { envId, scheduledStart: inFuture(MINUTE) });
    if (word === "InvalidClientTokenId") {
      vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
        queryError(403, word, "The security token is invalid"),
      );
    } else if (word === "AccessDenied") {
      await cast.aws.fault({ kind: "deny", action: "DescribeDBInstances" });
    } else if (word === "stopped") {
      await cast.aws.patchInstance(cast.aws.instance, { status: "stopped" });
    } else {
      await env.DB.prepare("update captures set instance = 'gone' where id = ?1").bind(capture.id).run();
    }
    await env.DB.prepare("update captures set scheduled_start = ?2 where id = ?1")
      .bind(capture.id, Date.now())
      .run();
    const failed = await until(cast.owner, capture, "FAILED");
    expect(failed.reason).toContain(word);
    expect(failed.reason).not.toContain(cast.aws.credentials.secretAccessKey);
    expect(
      (await cast.owner.get<{ reason: string }[]>(`/api/captures/${capture.id}/events`)).body.at(-1),
    ).toMatchObject({
      to: "FAILED",
      reason: failed.reason,
    });
    expect(await alarmOf(capture)).toBeNull();
  });

  it.each(["throttle", "server-error", "unavailable", "garbage", "reset", "hang"] as const)(
    "tries again after %s, and runs when AWS has recovered",
    async (kind) => {
      await cast.aws.fault({ kind, action: "DescribeDBInstances", times: 1 });
      await cast.aws.clearRequests();
      const capture = await createCapture(cast.owner, { envId });
      await until(cast.owner, capture, "RUNNING");
      const checks = (await cast.aws.requests()).filter(({ action }) => action === "DescribeDBInstances");
      expect(checks.slice(0, 2).map(({ fault }) => fault)).toEqual([kind, null]);
    },
  );

  it("waits with growing pauses while AWS is down, and gives up with the cause after ten minutes", async () => {
    await cast.aws.fault({ kind: "unavailable" });
    const capture = await createCapture(cast.owner, { envId });
    const pauses: number[] = [];
    const began = Date.now();
    for (let attempt = 0; attempt < 40 && (await get(capture)).status !== "FAILED"; attempt++) {
      await runAlarm(capture);
      const alarm = await alarmOf(capture);
      if (alarm === null) break;
      pauses.push(alarm - Date.now());
      await travel(cast.aws, Math.max(0, alarm - Date.now()));
    }
    const failed = await until(cast.owner, capture, "FAILED");
    expect(failed.reason).toMatch(/^Tried \d+ times to start\. AWS could not answer: /);
    expect(Date.now() - began).toBeGreaterThan(8 * MINUTE);
    expect(Date.now() - began).toBeLessThanOrEqual(10 * MINUTE + 5000);
    const longest = Math.max(...pauses);
    expect(longest).toBeGreaterThan(25_000);
    expect(longest).toBeLessThanOrEqual(MINUTE);
  });

  it("runs after AWS was down for minutes", async () => {
    await cast.aws.fault({ kind: "throttle" });
    const capture = await createCapture(cast.owner, { envId });
    for (let minute = 0; minute < 4; minute++) {
      await runAlarm(capture);
      await travel(cast.aws, MINUTE);
    }
    expect((await get(capture)).status).toBe("STARTING");
    await cast.aws.clearFaults();
    await until(cast.owner, capture, "RUNNING");
    expect(await moves(capture)).toEqual(["STARTED", "STARTING", "RUNNING"]);
  });

  it("waits for an instance that is coming up", async () => {
    await cast.aws.patchInstance(cast.aws.instance, { status: "rebooting" });
    const capture = await createCapture(cast.owner, { envId });
    await until(cast.owner, capture, "STARTING");
    await cast.aws.patchInstance(cast.aws.instance, { status: "available" });
    await until(cast.owner, capture, "RUNNING");
  });

  it("says what kept a scheduled capture from starting until its time was over", async () => {
    await cast.aws.fault({ kind: "unavailable" });
    const scheduledStart = inFuture(1000);
    const capture = await createCapture(cast.owner, { envId, scheduledStart, duration: 60 });
    await travel(cast.aws, 1000);
    await runAlarm(capture);
    await travel(cast.aws, MINUTE);
    expect((await until(cast.owner, capture, "FAILED")).reason).toMatch(
      /^Its scheduled end passed before it could start\. AWS could not answer: /,
    );
  });

  it("gives a back-dated capture that fails an end, since it has a start", async () => {
    await cast.aws.fault({ kind: "deny" });
    const start = inFuture(-60 * MINUTE);
    const failed = await until(cast.owner, await createCapture(cast.owner, { envId, start }), "FAILED");
    expect(failed.start).toBe(start);
    expect(Date.parse(failed.end ?? "")).toBeGreaterThan(Date.parse(start));
  });

  it("fails a scheduled capture whose whole time was missed", async () => {
    const capture = await createCapture(cast.owner, {
      envId,
      scheduledStart: inFuture(MINUTE),
      duration: 60,
    });
    await travel(cast.aws, 3 * MINUTE);
    expect((await until(cast.owner, capture, "FAILED")).reason).toBe(
      "Its scheduled end passed before it could start",
    );
  });
});

describe("ending", () => {
  it("ends at the scheduled end, to the millisecond, however late the alarm", async () => {
    const running = await until(
      cast.owner,
      await createCapture(cast.owner, { envId, duration: 60 }),
      "RUNNING",
    );
    await travel(cast.aws, 5 * MINUTE);
    const done = await until(cast.owner, running, "DONE");
    expect(done).toEqual({ ...running, status: "DONE", end: running.scheduledEnd });
    expect(await moves(running)).toEqual(WHOLE_LIFE);
  });

  it("leaves nothing behind in the Durable Object once the metrics are stored", async () => {
    const capture = await until(cast.owner, await createCapture(cast.owner, { envId }), "RUNNING");
    await cast.owner.post(`/api/captures/${capture.id}/stop`);
    await until(cast.owner, capture, "DONE");
    await travel(cast.aws, 7 * MINUTE);
    await runAlarm(capture);
    await expect
      .poll(() => runInDurableObject(runnerOf(capture), (_, { storage }) => [...storage.kv.list()].length))
      .toBe(0);
    expect(await alarmOf(capture)).toBeNull();
  });

  it("runs a capture without a duration until it is stopped", async () => {
    const capture = await until(cast.owner, await createCapture(cast.owner, { envId }), "RUNNING");
    await travel(cast.aws, 3 * 24 * 60 * MINUTE);
    await runAlarm(capture);
    expect(await get(capture)).toEqual(capture);
    // To read on in the log.
    expect(await alarmOf(capture)).toBeLessThanOrEqual(Date.now() + MINUTE);
  });
});

describe("surviving", () => {
  it.each([
    ["evicted", (capture: Capture) => evictDurableObject(runnerOf(capture))],
    ["aborted", () => abortAllDurableObjects()],
  ])("goes on after its object was %s in every state", async (_, strike) => {
    const capture = await createCapture(cast.owner, {
      envId,
      scheduledStart: inFuture(60 * MINUTE),
      duration: 60,
    });
    await strike(capture);
    await travel(cast.aws, 60 * MINUTE);
    await cast.aws.fault({ kind: "unavailable", action: "DescribeDBInstances", times: 1 });
    await runAlarm(capture);
    expect((await get(capture)).status).toBe("STARTING");
    await strike(capture);
    await until(cast.owner, capture, "RUNNING");
    await strike(capture);
    await travel(cast.aws, MINUTE);
    await until(cast.owner, capture, "DONE");
    expect(await moves(capture)).toEqual(["SCHEDULED", ...WHOLE_LIFE]);
  });

  it("leaves an alarm behind when it is cut off in the middle of a start", async () => {
    await cast.aws.fault({ kind: "hang", times: 1 });
    const capture = await createCapture(cast.owner, { envId });
    await expect.poll(() => get(capture)).toMatchObject({ status: "STARTING" });
    await abortAllDurableObjects();
    expect(await alarmOf(capture)).toBeGreaterThan(Date.now());
    await until(cast.owner, capture, "RUNNING");
  });

  it("makes each move once when an alarm is delivered again and again", async () => {
    const capture = await createCapture(cast.owner, { envId, duration: 60 });
    const deliver = () => runInDurableObject(runnerOf(capture), (runner: CaptureRunner) => runner.alarm());
    await Promise.all([deliver(), deliver(), deliver()]);
    await deliver();
    await travel(cast.aws, MINUTE);
    await Promise.all([deliver(), deliver(), deliver()]);
    await deliver();
    await until(cast.owner, capture, "DONE");
    expect(await moves(capture)).toEqual(WHOLE_LIFE);
  });

  it("answers that a capture was made although its runner could not be told", async () => {
    vi.spyOn(CaptureRunner.prototype, "wake").mockRejectedValue(new Error("the object is away"));
    const capture = await createCapture(cast.owner, { envId });
    expect(await alarmOf(capture)).toBeNull();
    expect((await get(capture)).status).toBe("STARTED");
  });

  it("goes on by itself after the database was away", async () => {
    const capture = await createCapture(cast.owner, { envId, scheduledStart: inFuture(MINUTE) });
    await travel(cast.aws, MINUTE);
    const prepare = vi.spyOn(env.DB, "prepare").mockImplementation(() => {
      throw new Error("D1 is away");
    });
    await runInDurableObject(runnerOf(capture), async (runner: CaptureRunner) => {
      // biome-ignore lint/complexity/useLiteralKeys: the object's own binding, which is protected
      const own = vi.spyOn(runner["env"].DB, "prepare").mockImplementation(() => {
        throw new Error("D1 is away");
      });
      await runner.alarm();
      own.mockRestore();
    });
    prepare.mockRestore();
    expect(await alarmOf(capture)).toBeGreaterThan(Date.now());
    await until(cast.owner, capture, "RUNNING");
  });
});

describe("racing", () => {
  it("lets one of many simultaneous stops succeed", async () => {
    const capture = await until(cast.owner, await createCapture(cast.owner, { envId }), "RUNNING");
    const stops = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        (i % 2 ? cast.owner : cast.admin).post(`/api/captures/${capture.id}/stop`),
      ),
    );
    expect(stops.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(409)]);
    await until(cast.owner, capture, "DONE");
    expect(await moves(capture)).toEqual(WHOLE_LIFE);
  });

  it("ends a capture once when a stop races with its scheduled end", async () => {
    const capture = await until(
      cast.owner,
      await createCapture(cast.owner, { envId, duration: 60 }),
      "RUNNING",
    );
    await travel(cast.aws, MINUTE);
    await Promise.all([
      runAlarm(capture),
      cast.owner.post(`/api/captures/${capture.id}/stop`),
      runAlarm(capture),
    ]);
    const done = await until(cast.owner, capture, "DONE");
    expect(done.end).toBe(capture.scheduledEnd);
    expect(await moves(capture)).toEqual(WHOLE_LIFE);
  });

  it("does not start a capture that is deleted while it waits or starts", async () => {
    const scheduled = await createCapture(cast.owner, { envId, scheduledStart: inFuture(MINUTE) });
    const info = vi.spyOn(console, "info");
    // In the last moment before it would run.
    vi.spyOn(Recorder.prototype, "begin").mockImplementationOnce(async ({ id }) => {
      await cast.owner.delete(`/api/captures/${id}`);
      return { ok: true, value: undefined };
    });
    const starting = await createCapture(cast.owner, { envId });
    await cast.owner.delete(`/api/captures/${scheduled.id}`);
    await expect.poll(() => runAlarm(starting), { timeout: 5000, interval: 300 }).toBe(false);
    // AWS's answer comes too late to make it run.
    const late = { captureId: starting.id, from: "STARTING", to: "RUNNING", moved: false };
    await expect
      .poll(() => info.mock.calls.map(([line]) => JSON.parse(line as string)), { timeout: 5000 })
      .toContainEqual(expect.objectContaining(late));
    await travel(cast.aws, 2 * MINUTE);
    for (const capture of [scheduled, starting]) {
      await expect.poll(async () => [await runAlarm(capture), await alarmOf(capture)]).toEqual([false, null]);
      const row = env.DB.prepare("select status from captures where id = ?1").bind(capture.id);
      expect(await row.first("status")).toBe("FAILED");
      expect((await moves(capture)).at(-1)).toBe("FAILED");
      expect(await moves(capture)).not.toContain("RUNNING");
    }
  });

  it("rests for ever when a late alarm finds that the capture was erased", async () => {
    const capture = await createCapture(cast.owner, { envId, scheduledStart: inFuture(MINUTE) });
    await env.DB.batch([
      env.DB.prepare("delete from capture_events where capture_id = ?1").bind(capture.id),
      env.DB.prepare("delete from captures where id = ?1").bind(capture.id),
    ]);
    await runAlarm(capture);
    expect(await alarmOf(capture)).toBeNull();
  });

  it("does not sleep over a stop that comes while an alarm is handled", async () => {
    const capture = await until(
      cast.owner,
      await createCapture(cast.owner, { envId, duration: 3600 }),
      "RUNNING",
    );
    await runInDurableObject(runnerOf(capture), async (runner: CaptureRunner) => {
      // biome-ignore lint/complexity/useLiteralKeys: the object's own binding, which is protected
      const { DB } = runner["env"];
      const prepare = DB.prepare.bind(DB);
      // The handler has read that the capture runs, and is told of the stop before it acts on that.
      vi.spyOn(DB, "prepare").mockImplementationOnce((sql) => {
        const first = async (id: unknown) => {
          const row = await prepare(sql).bind(id).first();
          await cast.owner.post(`/api/captures/${capture.id}/stop`);
          return row;
        };
        return { bind: (id: unknown) => ({ first: () => first(id) }) } as unknown as D1PreparedStatement;
      });
      await runner.alarm();
    });
    await expect.poll(() => get(capture)).toMatchObject({ status: "DONE" });
  });
});

/** An error of AWS's Query protocol. */
function queryError(status: number, code: string, message: string): Response {
  const xml = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
  return new Response(xml, { status, headers: { "content-type": "text/xml" } });
}
