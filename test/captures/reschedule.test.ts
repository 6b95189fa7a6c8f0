import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import type { CaptureRunner } from "../../src/captures/runner.ts";
import { bindingsOf, createCapture, expectRefusal, readCapture, request, runnerOf } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { quietLogOf } from "../support/quiet-log.ts";
import { alarmOf, inFuture, runAlarm, travel, until } from "../support/time.ts";
import { storedLines } from "../workload/support.ts";
import { movesOf, WHOLE_LIFE } from "./support.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const cast = castForEachTest();
const { write, workloadOf } = quietLogOf(cast);

afterEach(() => vi.restoreAllMocks());

const create = (fields: object = {}) => createCapture(cast.owner, { envId: cast.environment.id, ...fields });
const scheduled = (fields: object = {}) => create({ scheduledStart: inFuture(HOUR), ...fields });
const running = async (fields: object = {}) => until(cast.owner, await create(fields), "RUNNING");
const put = (capture: Capture, json: object) => cast.owner.put<Capture>(`/api/captures/${capture.id}`, json);
const plus = (time: string | null, milliseconds: number) =>
  new Date(Date.parse(time ?? "") + milliseconds).toISOString();

/** Lets the runner's handler be told of something just after it has read the capture's row, and before it acts on that. */
async function duringAlarm(capture: Capture, what: () => Promise<unknown>): Promise<void> {
  await runInDurableObject(runnerOf(capture), async (runner: CaptureRunner) => {
    const { DB } = bindingsOf(runner);
    const prepare = DB.prepare.bind(DB);
    vi.spyOn(DB, "prepare").mockImplementationOnce((sql) => {
      const first = async (id: unknown) => {
        const row = await prepare(sql).bind(id).first();
        await what();
        return row;
      };
      return { bind: (id: unknown) => ({ first: () => first(id) }) } as unknown as D1PreparedStatement;
    });
    await runner.alarm();
  });
}

describe("a scheduled capture", () => {
  it("gets another start and duration, and its alarm follows", async () => {
    const capture = await scheduled({ duration: 600 });
    const later = inFuture(2 * HOUR);
    const moved = await put(capture, { scheduledStart: later });
    expect(moved.body).toEqual({ ...capture, scheduledStart: later, scheduledEnd: plus(later, 600_000) });
    await runAlarm(capture);
    expect(await alarmOf(capture)).toBe(Date.parse(later));
    const earlier = inFuture(10 * MINUTE);
    const longer = await put(capture, { scheduledStart: earlier, duration: 1200 });
    expect(longer.body).toMatchObject({ scheduledStart: earlier, scheduledEnd: plus(earlier, 1_200_000) });
    await expect.poll(() => alarmOf(capture)).toBe(Date.parse(earlier));
    expect((await put(capture, { duration: null })).body.scheduledEnd).toBeNull();
    const row = env.DB.prepare("select due_at from captures where id = ?1").bind(capture.id);
    expect(await row.first("due_at")).toBe(Date.parse(earlier) + 5000);
    await travel(cast.aws, 11 * MINUTE);
    expect((await until(cast.owner, capture, "RUNNING")).scheduledEnd).toBeNull();
  });

  it("is changed once by the same request, with its name and labels in one", async () => {
    const capture = await scheduled();
    const changes = { name: "all at once", labels: { a: "b" }, scheduledStart: inFuture(HOUR), duration: 60 };
    const first = await put(capture, changes);
    const again = await put(capture, changes);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("etag")).toBe(first.headers.get("etag"));
  });

  it.each([
    [{ duration: 59 }, "Duration must be at least 60 seconds"],
    [{ duration: 60.5 }, "duration: must be a whole number of seconds"],
    [{ duration: 31 * 86_400 + 1 }, "duration: must be at most 2678400 seconds (31 days)"],
    [{ scheduledStart: "2018-05-19 12:00:00" }, "scheduledStart: is in the past"],
    [{ scheduledStart: inFuture(400 * 24 * HOUR) }, "scheduledStart: is more than a year ahead"],
    [{ scheduledStart: null }, "scheduledStart: must be a string"],
    [
      { scheduledStart: "soon" },
      'scheduledStart: must be a time such as "2026-05-19T22:06:53Z" or "2026-05-19 22:06:53"',
    ],
  ])("is not given impossible times: %j", async (changes, message) => {
    const capture = await scheduled();
    expectRefusal(await put(capture, { ...changes, name: "not changed" }), 400, message);
    expect(await readCapture(cast.owner, capture)).toEqual(capture);
  });

  it("takes only one of two changes that are for the same version", async () => {
    const capture = await scheduled();
    const headers = { ...cast.owner.headers, "if-match": `"1.${capture.id}.1"` };
    const replies = await Promise.all(
      [60, 120].map((duration) =>
        request("PUT", `/api/captures/${capture.id}`, { json: { duration }, headers }),
      ),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  it("does not start when it is postponed at the moment of its start", async () => {
    const capture = await scheduled();
    await travel(cast.aws, HOUR + 1000);
    const later = new Date(Date.now() + HOUR).toISOString();
    await duringAlarm(capture, async () => {
      expect((await put(capture, { scheduledStart: later })).status).toBe(200);
    });
    expect(await readCapture(cast.owner, capture)).toMatchObject({
      status: "SCHEDULED",
      scheduledStart: later,
    });
    expect(await movesOf(capture)).toEqual(["SCHEDULED"]);
    await expect.poll(() => alarmOf(capture)).toBe(Date.parse(later));
  });
});

describe("a running capture", () => {
  it("that was told to start now is not back-dated: its duration can be changed", async () => {
    const capture = await running({ start: new Date().toISOString() });
    const { status, body } = await put(capture, { duration: 600 });
    expect({ status, body }).toEqual({
      status: 200,
      body: { ...capture, scheduledEnd: plus(capture.start, 600_000) },
    });
  });

  it("is extended, and recorded until its new end", async () => {
    const capture = await running({ duration: 60 });
    const end = plus(capture.start, 180_000);
    expect((await put(capture, { duration: 180 })).body).toEqual({ ...capture, scheduledEnd: end });
    await travel(cast.aws, 90_000);
    await write("SELECT 'after the old end'", "SELECT 'x'");
    await runAlarm(capture);
    expect((await readCapture(cast.owner, capture)).status).toBe("RUNNING");
    await travel(cast.aws, 91_000);
    const done = await until(cast.owner, capture, "DONE");
    expect(done.end).toBe(end);
    expect(await movesOf(capture)).toEqual(WHOLE_LIFE);
    const { fragments, gapCount } = await workloadOf(capture);
    const statements = (await storedLines(capture.id, fragments)).map(({ statement }) => statement);
    expect(statements).toContain("SELECT 'after the old end'");
    expect(gapCount).toBe(0);
  });

  it("is shortened, and gets or loses an end", async () => {
    const capture = await running();
    const end = plus(capture.start, 120_000);
    expect((await put(capture, { duration: 120 })).body.scheduledEnd).toBe(end);
    expect((await put(capture, { duration: null })).body.scheduledEnd).toBeNull();
    await put(capture, { duration: 3600 });
    await put(capture, { duration: 60 });
    await travel(cast.aws, MINUTE);
    expect((await until(cast.owner, capture, "DONE")).end).toBe(plus(capture.start, MINUTE));
  });

  it("that was scheduled keeps its scheduled start as what its duration counts from", async () => {
    const scheduledStart = inFuture(MINUTE);
    const capture = await create({ scheduledStart, duration: 600 });
    await travel(cast.aws, 2 * MINUTE);
    await until(cast.owner, capture, "RUNNING");
    expect((await put(capture, { duration: 900 })).body.scheduledEnd).toBe(plus(scheduledStart, 900_000));
  });

  it("does not end when it is extended at the moment of its end, unless that has passed", async () => {
    const capture = await running({ duration: 60 });
    const later = { duration: 3600 };
    await travel(cast.aws, Date.parse(capture.scheduledEnd ?? "") - Date.now() - 100);
    await duringAlarm(capture, async () => {
      expect((await put(capture, later)).status).toBe(200);
      await travel(cast.aws, 200);
    });
    expect(await readCapture(cast.owner, capture)).toMatchObject({ status: "RUNNING", end: null });
    await travel(cast.aws, HOUR);
    const refused = await put(capture, { duration: 7200 });
    expectRefusal(
      refused,
      409,
      /^This capture has ended, and its times can't be changed any more\. Make another/,
    );
    const done = await until(cast.owner, capture, "DONE");
    expect(done.end).toBe(plus(capture.start, HOUR));
  });

  it("is not made to end in the past, nor to start again", async () => {
    const capture = await running();
    await travel(cast.aws, 5 * MINUTE);
    expectRefusal(
      await put(capture, { duration: 60, notes: "x" }),
      409,
      `duration: the capture would have ended at ${plus(capture.start, MINUTE)}, which has passed. Give it a longer one, or stop it.`,
    );
    expectRefusal(
      await put(capture, { scheduledStart: new Date(Date.now() + HOUR).toISOString() }),
      409,
      "scheduledStart: the capture has started already. Only its duration can be changed now.",
    );
    expect(await readCapture(cast.owner, capture)).toEqual(capture);
  });
});

describe("a capture that can't get other times", () => {
  it.each([
    [
      "STARTED",
      /^This capture is just starting, and its times can't be changed until it is running\. Try again soon\.$/,
    ],
    ["STARTING", /^This capture is just starting/],
    ["STOPPING", /^This capture has ended, and its times can't be changed any more/],
    ["DONE", /^This capture has ended/],
    ["FAILED", /^This capture has ended/],
  ])("says why: one that is %s", async (status, message) => {
    const capture = await scheduled();
    await env.DB.prepare("update captures set status = ?2 where id = ?1").bind(capture.id, status).run();
    expectRefusal(await put(capture, { duration: 60, name: "another" }), 409, message);
    expect((await readCapture(cast.owner, capture)).name).toBe(capture.name);
  });

  it("says why: one that is back-dated, running or not", async () => {
    const message =
      "This capture is back-dated, and its times can't be changed. Make another one with the times that you want.";
    const capture = await create({ start: inFuture(-HOUR), duration: 7200 });
    expectRefusal(await put(capture, { duration: 60 }), 409, message);
    await until(cast.owner, capture, "RUNNING");
    expectRefusal(await put(capture, { duration: 60 }), 409, message);
  });

  it("is not told to those who may not change it", async () => {
    const capture = await scheduled();
    const path = `/api/captures/${capture.id}`;
    expect((await cast.member.put(path, { duration: 1 })).status).toBe(403);
    expect((await cast.stranger.put(path, { duration: 1 })).status).toBe(404);
  });
});
