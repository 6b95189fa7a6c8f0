import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { CaptureRunner } from "../../src/captures/runner.ts";
import { bindingsOf, createCapture, readCapture, runnerOf } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { alarmOf, inFuture, runAlarm, travel, until } from "../support/time.ts";
import { movesOf, WHOLE_LIFE } from "./support.ts";

const MINUTE = 60_000;

const cast = castForEachTest();

afterEach(() => vi.restoreAllMocks());

const create = (fields: object = {}) => createCapture(cast.owner, { envId: cast.environment.id, ...fields });

describe("a runner that is cut off", () => {
  it.each([
    ["evicted", (capture: Capture) => evictDurableObject(runnerOf(capture))],
    ["aborted", () => abortAllDurableObjects()],
  ])("goes on after its object was %s in every state", async (_, strike) => {
    const capture = await create({ scheduledStart: inFuture(60 * MINUTE), duration: 60 });
    await strike(capture);
    await travel(cast.aws, 60 * MINUTE);
    await cast.aws.fault({ kind: "unavailable", action: "DescribeDBInstances", times: 1 });
    await runAlarm(capture);
    expect((await readCapture(cast.owner, capture)).status).toBe("STARTING");
    await strike(capture);
    await until(cast.owner, capture, "RUNNING");
    await strike(capture);
    await travel(cast.aws, MINUTE);
    await until(cast.owner, capture, "DONE");
    expect(await movesOf(capture)).toEqual(["SCHEDULED", ...WHOLE_LIFE]);
  });

  it("leaves an alarm behind when it is cut off in the middle of a start", async () => {
    await cast.aws.fault({ kind: "hang", times: 1 });
    const capture = await create();
    await expect.poll(() => readCapture(cast.owner, capture)).toMatchObject({ status: "STARTING" });
    await abortAllDurableObjects();
    expect(await alarmOf(capture)).toBeGreaterThan(Date.now());
    await until(cast.owner, capture, "RUNNING");
  });

  it("makes each transition once when an alarm is delivered repeatedly", async () => {
    const capture = await create({ duration: 60 });
    const deliver = () => runInDurableObject(runnerOf(capture), (runner: CaptureRunner) => runner.alarm());
    await Promise.all([deliver(), deliver(), deliver()]);
    await deliver();
    await travel(cast.aws, MINUTE);
    await Promise.all([deliver(), deliver(), deliver()]);
    await deliver();
    await until(cast.owner, capture, "DONE");
    expect(await movesOf(capture)).toEqual(WHOLE_LIFE);
  });

  it("answers that a capture was made although its runner could not be woken", async () => {
    vi.spyOn(CaptureRunner.prototype, "wake").mockRejectedValue(new Error("the object is away"));
    const capture = await create();
    expect(await alarmOf(capture)).toBeNull();
    expect((await readCapture(cast.owner, capture)).status).toBe("STARTED");
  });

  it("goes on by itself after the database was away", async () => {
    const capture = await create({ scheduledStart: inFuture(MINUTE) });
    await travel(cast.aws, MINUTE);
    const prepare = vi.spyOn(env.DB, "prepare").mockImplementation(() => {
      throw new Error("D1 is away");
    });
    await runInDurableObject(runnerOf(capture), async (runner: CaptureRunner) => {
      const own = vi.spyOn(bindingsOf(runner).DB, "prepare").mockImplementation(() => {
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
