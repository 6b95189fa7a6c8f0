import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { CaptureRunner } from "../../src/captures/runner.ts";
import { Collector } from "../../src/workload/collecting/collector.ts";
import { bindingsOf, createCapture, readCapture, runnerOf } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { alarmOf, inFuture, runAlarm, travel, until } from "../support/time.ts";
import { movesOf, WHOLE_LIFE } from "./support.ts";

const MINUTE = 60_000;

const cast = castForEachTest();

afterEach(() => vi.restoreAllMocks());

const create = (fields: object = {}) => createCapture(cast.owner, { envId: cast.environment.id, ...fields });

describe("racing", () => {
  it("lets one of many simultaneous stops succeed", async () => {
    const capture = await until(cast.owner, await create(), "RUNNING");
    const stops = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        (i % 2 ? cast.owner : cast.admin).post(`/api/captures/${capture.id}/stop`),
      ),
    );
    expect(stops.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(409)]);
    await until(cast.owner, capture, "DONE");
    expect(await movesOf(capture)).toEqual(WHOLE_LIFE);
  });

  it("ends a capture once when a stop races with its scheduled end", async () => {
    const capture = await until(cast.owner, await create({ duration: 60 }), "RUNNING");
    await travel(cast.aws, MINUTE);
    await Promise.all([
      runAlarm(capture),
      cast.owner.post(`/api/captures/${capture.id}/stop`),
      runAlarm(capture),
    ]);
    const done = await until(cast.owner, capture, "DONE");
    expect(done.end).toBe(capture.scheduledEnd);
    expect(await movesOf(capture)).toEqual(WHOLE_LIFE);
  });

  it("does not start a capture that is deleted while it waits or starts", async () => {
    const scheduled = await create({ scheduledStart: inFuture(MINUTE) });
    const info = vi.spyOn(console, "info");
    // In the last moment before it would run.
    vi.spyOn(Collector.prototype, "begin").mockImplementationOnce(async ({ id }) => {
      await cast.owner.delete(`/api/captures/${id}`);
      return { ok: true, value: undefined };
    });
    const starting = await create();
    await cast.owner.delete(`/api/captures/${scheduled.id}`);
    await expect.poll(() => runAlarm(starting), { interval: 300 }).toBe(false);
    // AWS's answer comes too late to make it run.
    const late = { captureId: starting.id, from: "STARTING", to: "RUNNING", moved: false };
    await expect
      .poll(() => info.mock.calls.map(([line]) => JSON.parse(line as string)))
      .toContainEqual(expect.objectContaining(late));
    await travel(cast.aws, 2 * MINUTE);
    for (const capture of [scheduled, starting]) {
      await expect.poll(async () => [await runAlarm(capture), await alarmOf(capture)]).toEqual([false, null]);
      const row = env.DB.prepare("select status from captures where id = ?1").bind(capture.id);
      expect(await row.first("status")).toBe("FAILED");
      expect((await movesOf(capture)).at(-1)).toBe("FAILED");
      expect(await movesOf(capture)).not.toContain("RUNNING");
    }
  });

  it("leaves no alarm when a late one finds that the capture was erased", async () => {
    const capture = await create({ scheduledStart: inFuture(MINUTE) });
    await env.DB.batch([
      env.DB.prepare("delete from capture_events where capture_id = ?1").bind(capture.id),
      env.DB.prepare("delete from captures where id = ?1").bind(capture.id),
    ]);
    await runAlarm(capture);
    expect(await alarmOf(capture)).toBeNull();
  });

  it("acts on a stop that comes while an alarm is handled", async () => {
    const capture = await until(cast.owner, await create({ duration: 3600 }), "RUNNING");
    await runInDurableObject(runnerOf(capture), async (runner: CaptureRunner) => {
      const { DB } = bindingsOf(runner);
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
    await expect.poll(() => readCapture(cast.owner, capture)).toMatchObject({ status: "DONE" });
  });
});
