import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { stopAtLimit } from "../../src/captures/lifecycle.ts";
import type { Capture } from "../../src/captures/replies.ts";
import { makeTransition, readForRunner } from "../../src/captures/runner-store.ts";
import { createCapture, readCapture } from "../support/api.ts";
import { everyMinute } from "../support/cron.ts";
import { castForEachTest } from "../support/each-test.ts";
import { alarmOf, inFuture, runAlarm, skewed, travel, until } from "../support/time.ts";
import { movesOf, WHOLE_LIFE } from "./support.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const cast = castForEachTest();
const create = (fields: object = {}) => createCapture(cast.owner, { envId: cast.environment.id, ...fields });

// A capture that still runs would be overdue at the time of another test.
afterEach(() => env.DB.prepare("update captures set status = 'DONE', due_at = null").run());

/** Waits for it, too: the alarm that comes next by itself may be half handled, and its watchdog be by the wrong clock. */
const expectAlarmWithin = (capture: Capture, milliseconds: number) =>
  expect
    .poll(async () => (await alarmOf(capture)) ?? Number.POSITIVE_INFINITY)
    .toBeLessThanOrEqual(Date.now() + milliseconds);
/** When cron looks after a capture. */
const dueAtOf = ({ id }: Capture) =>
  env.DB.prepare("select due_at as at from captures where id = ?1").bind(id).first<number>("at");

describe.each([
  ["ahead", DAY],
  ["behind", -DAY],
])("a clock that is a day %s for one alarm", (_, skew) => {
  it("leaves a running capture running, which goes on within a minute and ends in time", async () => {
    const capture = await until(cast.owner, await create({ duration: 600 }), "RUNNING");
    await skewed(skew, () => runAlarm(capture));
    expect(await readCapture(cast.owner, capture)).toEqual(capture);
    await expectAlarmWithin(capture, MINUTE);
    expect(await dueAtOf(capture)).toBeLessThan(Date.now() + 5 * MINUTE);
    await travel(cast.aws, 10 * MINUTE);
    expect(await until(cast.owner, capture, "DONE")).toMatchObject({
      end: capture.scheduledEnd,
      reason: null,
    });
    expect(await movesOf(capture)).toEqual(WHOLE_LIFE);
  });

  it("neither starts nor fails a scheduled capture, which starts in time", async () => {
    const capture = await create({ scheduledStart: inFuture(60 * MINUTE), duration: 600 });
    const scheduledStart = Date.parse(capture.scheduledStart ?? "");
    await skewed(skew, () => runAlarm(capture));
    expect(await movesOf(capture)).toEqual(["SCHEDULED"]);
    expect(await alarmOf(capture)).toBe(scheduledStart);
    await travel(cast.aws, 60 * MINUTE);
    const { start } = await until(cast.owner, capture, "RUNNING");
    expect(Date.parse(start ?? "")).toBeLessThan(scheduledStart + MINUTE);
  });

  it("fails no start that is being retried", async () => {
    await cast.aws.fault({ kind: "unavailable", action: "DescribeDBInstances" });
    const capture = await create({ scheduledStart: inFuture(0), duration: 600 });
    await expect.poll(() => readCapture(cast.owner, capture)).toMatchObject({ status: "STARTING" });
    await skewed(skew, () => runAlarm(capture));
    expect((await readCapture(cast.owner, capture)).status).toBe("STARTING");
    await expectAlarmWithin(capture, MINUTE);
    await cast.aws.clearFaults();
    await until(cast.owner, capture, "RUNNING");
  });

  it("does not stop reading a log that is still to be read to the capture's end", async () => {
    const capture = await until(cast.owner, await create(), "RUNNING");
    await cast.aws.fault({ kind: "unavailable", action: "DescribeDBLogFiles" });
    await cast.owner.post(`/api/captures/${capture.id}/stop`);
    await skewed(skew, () => runAlarm(capture));
    expect((await readCapture(cast.owner, capture)).status).toBe("STOPPING");
    await expectAlarmWithin(capture, MINUTE);
    await cast.aws.clearFaults();
    expect(await until(cast.owner, capture, "DONE")).toMatchObject({ reason: null });
  });
});

it.each([
  ["ahead", 4 * MINUTE],
  ["behind", -4 * MINUTE],
])("dates a start rightly by a clock that is %s by less than AWS refuses", async (_, skew) => {
  // The log is on for another capture already: one alarm is enough.
  await until(cast.owner, await create(), "RUNNING");
  const capture = await create({ scheduledStart: inFuture(60 * MINUTE), duration: 600 });
  await travel(cast.aws, 65 * MINUTE);
  await skewed(skew, () => runAlarm(capture));
  const { status, start } = await readCapture(cast.owner, capture);
  expect(status).toBe("RUNNING");
  expect(Math.abs(Date.parse(start ?? "") - Date.now())).toBeLessThan(MINUTE);
});

it("makes and notes no transition by a clock that jumped after the row was read", async () => {
  const { id } = await until(cast.owner, await create(), "RUNNING");
  const row = await readForRunner(env.DB, id);
  if (row === null) throw new Error("There is no such capture");
  const move = async (now: number) =>
    (await makeTransition(env.DB, row, stopAtLimit(1, now), "runner", now)).moved;
  expect(await move(Date.now() + DAY)).toBe(false);
  expect(await movesOf(row)).toEqual(WHOLE_LIFE.slice(0, 3));
  expect(await move(Date.now())).toBe(true);
  expect(await movesOf(row)).toEqual(WHOLE_LIFE.slice(0, 4));
});

it("lets cron find nothing overdue, and count no wake, by a clock that is a day ahead", async () => {
  const scheduled = await create({ scheduledStart: inFuture(60 * MINUTE) });
  const running = await until(cast.owner, await create({ duration: 3600 }), "RUNNING");
  expect(await skewed(DAY, everyMinute)).toMatchObject({ found: 0, rearmed: 0, failed: 0 });
  for (const { id } of [scheduled, running]) {
    const row = env.DB.prepare("select rearmed from captures where id = ?1").bind(id);
    expect(await row.first("rearmed")).toBe(0);
  }
});

it("lets cron correct the alarm that was left a day ahead by a handler that was cut off", async () => {
  const capture = await until(cast.owner, await create({ duration: 3600 }), "RUNNING");
  const { prepare } = env.DB;
  // The database is away: what was set before anything else stays.
  await skewed(DAY, async () => {
    env.DB.prepare = () => {
      throw new Error("D1 is away");
    };
    try {
      await runAlarm(capture);
    } finally {
      env.DB.prepare = prepare;
    }
  });
  expect(await alarmOf(capture)).toBeGreaterThan(Date.now() + DAY / 2);
  await travel(cast.aws, 4 * MINUTE);
  expect(await everyMinute()).toMatchObject({ found: 1, rearmed: 1 });
  await expectAlarmWithin(capture, MINUTE);
  expect((await readCapture(cast.owner, capture)).status).toBe("RUNNING");
});
