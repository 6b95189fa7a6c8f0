import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { CaptureRunner } from "../../src/captures/runner.ts";
import type { Workload } from "../../src/workload/replies.ts";
import { type Workload as GeneratedWorkload, generatedRecords } from "../local-aws/logs/workload.ts";
import { createCapture, createEnvironment, readCapture, runnerOf } from "../support/api.ts";
import { crashAt, prepareCrashes } from "../support/crashes.ts";
import { environmentForEachTest } from "../support/each-test.ts";
import { runAlarm, travel, until } from "../support/time.ts";
import { shapesOfGenerated, shapesOfLines, storedLines } from "../workload/support.ts";

/*
 * What is captured of a generated workload, over long statements that RDS cuts and a rotation now and then, is what was
 * generated: each record once, in order, whatever fails meanwhile.
 */

const SECOND = 1000;
const RATE = 20;
/** Six of these are more than RDS sends in one portion. */
const LONG = { bytes: 200_000, everySeconds: 4 };

const own = environmentForEachTest();
let workload: GeneratedWorkload;

afterEach(() => vi.restoreAllMocks());

/**
 * A capture of the generated workload of an engine, about to run. No time is skipped until it does: after that ours stands and
 * AWS's goes on, and a start would not be the same for both.
 */
async function aboutToRun(engine: string): Promise<Capture> {
  const { aws } = own;
  const instance = `demo-${engine}`;
  workload = await aws.setWorkload(instance, { seed: 11, rate: RATE, long: LONG });
  const { environment } = await createEnvironment(own.admin, { aws: { ...aws, instance }, name: engine });
  return createCapture(own.admin, { envId: environment.id });
}

/** Stops a capture at a time that AWS's clock agrees on: between two journeys it goes on, and ours stands. */
async function stop(capture: Capture): Promise<void> {
  await travel(own.aws, 2 * SECOND);
  await own.admin.post(`/api/captures/${capture.id}/stop`);
  await travel(own.aws, 2 * SECOND);
}

/** Lets the clients work for a while, and now and then the hour change. */
async function work(round: number): Promise<void> {
  await travel(own.aws, 2 * SECOND);
  if (round % 9 === 5) await own.aws.rotateLog(workload.instance);
}

/** Checks what is stored of a capture that is DONE against what was generated between its start and its end. */
async function expectExactly(capture: Capture): Promise<void> {
  const { start, end } = await readCapture(own.admin, capture);
  const { body: manifest } = await own.admin.get<Workload>(`/api/captures/${capture.id}/workload`);
  const stored = await storedLines(capture.id, manifest.fragments);
  const to = Date.parse(end as string);
  // MariaDB's log has whole seconds: nobody knows which part of the one in which the capture started it has to have.
  const isWhole = workload.engine === "mysql";
  const from = isWhole
    ? Date.parse(start as string)
    : Math.ceil(Date.parse(start as string) / SECOND) * SECOND;
  const generated = generatedRecords({ ...workload, from, to });
  // A session of Amazon's that is older than the log may be taken for a client's until it gives itself away.
  const amazons = new Set(
    generated.filter(({ user }) => user === "rdsadmin").map(({ threadId }) => threadId),
  );
  const compared = stored.filter(
    ({ threadId, time }) => !amazons.has(threadId) && (isWhole || Date.parse(time) >= from),
  );
  const captured = shapesOfLines(compared);
  const expected = shapesOfGenerated(generated);
  // Where they part, if they do: all of them would be too much to show.
  const at = expected.findIndex((shape, i) => shape !== captured[i]);
  expect([captured[at]?.slice(0, 200), captured.length]).toEqual([
    expected[at]?.slice(0, 200),
    expected.length,
  ]);
  expect(at).toBe(-1);
  expect(expected.length).toBeGreaterThan(500);
  expect(expected.some((shape) => shape.length > LONG.bytes / 2)).toBe(true);
  expect(manifest).toMatchObject({ records: stored.length, gapCount: 0 });
}

it.each(["mysql", "mariadb"])(
  "is exact for %s while AWS throttles calls at random and objects lose their memory",
  async (engine) => {
    const capture = await aboutToRun(engine);
    await own.aws.fault({ kind: "throttle", chance: 0.15 });
    await until(own.admin, capture, "RUNNING");
    for (let round = 0; round < 60; round++) {
      await work(round);
      await runAlarm(capture);
      if (round % 3 === 0) await abortAllDurableObjects();
    }
    await stop(capture);
    await until(own.admin, capture, "DONE");
    const struck = (await own.aws.requests()).filter(({ fault }) => fault !== null);
    expect(struck.length).toBeGreaterThan(10);
    await expectExactly(capture);
  },
);

it.each(["mysql", "mariadb"])(
  "is exact for %s with the objects aborted between any two steps",
  async (engine) => {
    // Not before it can be aborted at every step of its first alarm.
    const wake = vi.spyOn(CaptureRunner.prototype, "wake").mockResolvedValue(undefined);
    const capture = await aboutToRun(engine);
    wake.mockRestore();
    await runnerOf(capture).wake(capture.id, Date.now() + 60 * SECOND);
    await runInDurableObject(runnerOf(capture), (_, { storage }) => prepareCrashes(storage));
    const isNow = async (status: string) => (await readCapture(own.admin, capture)).status === status;

    for (let step = 1; !(await isNow("RUNNING")); step++) await crashAt(capture, step);
    let isCrashed = true;
    for (let step = 1; isCrashed; step++) {
      await work(step);
      isCrashed = await crashAt(capture, step);
      // The next one begins where a whole reading has come to, or from what one that was cut off has left.
      if (step % 3 === 0) await runAlarm(capture);
    }
    await stop(capture);
    for (let step = 1; !(await isNow("DONE")); step++) await crashAt(capture, step);
    await expectExactly(capture);
  },
);
