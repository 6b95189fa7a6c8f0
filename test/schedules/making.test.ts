import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { makeDueCaptures } from "../../src/schedules/making.ts";
import type { Schedule } from "../../src/schedules/replies.ts";
import { createCapture, readCapture, requestIn } from "../support/api.ts";
import { everyMinute } from "../support/cron.ts";
import { castForEachTest } from "../support/each-test.ts";
import { failing } from "../support/faults.ts";
import { alarmOf, inFuture, travel, until } from "../support/time.ts";
import { capturesOf, createSchedule, endSchedules, perOccurrence, readSchedule } from "./support.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const cast = castForEachTest();

beforeEach(endSchedules);
afterEach(async () => {
  vi.restoreAllMocks();
  await endSchedules();
});

const create = (fields: object = {}) => createSchedule(cast.owner, { envId: cast.environment.id, ...fields });
const HOURLY = { cron: "0 * * * *", duration: 60 };
const starts = (captures: Capture[]) => captures.map(({ scheduledStart }) => scheduledStart);

/** Lets time pass until a moment and a little more. */
const travelTo = (moment: string | undefined, more = 1000) =>
  travel(cast.aws, Date.parse(moment as string) - Date.now() + more);

describe("the capture of an occurrence", () => {
  it("waits with its runner's alarm set, and is started by that at its time", async () => {
    const schedule = await create(HOURLY);
    const [waiting] = (await capturesOf(cast.owner, schedule)) as [Capture];
    expect(waiting.scheduledStart).toBe(schedule.next[0]);
    expect(await alarmOf(waiting)).toBe(Date.parse(schedule.next[0] as string));
    await travelTo(schedule.next[0], 0);
    const running = await until(cast.owner, waiting, "RUNNING");
    expect(Date.parse(running.start as string)).toBeGreaterThanOrEqual(
      Date.parse(schedule.next[0] as string),
    );
    expect(running.scheduledEnd).toBe(
      new Date(Date.parse(schedule.next[0] as string) + 60_000).toISOString(),
    );
  });

  it("is made once the one before has come, and not before", async () => {
    const schedule = await create(HOURLY);
    await everyMinute();
    expect(await capturesOf(cast.owner, schedule)).toHaveLength(1);
    await travelTo(schedule.next[0]);
    await everyMinute();
    expect(starts(await capturesOf(cast.owner, schedule))).toEqual(schedule.next.slice(0, 2));
    expect((await readSchedule(cast.owner, schedule)).captures).toBe(2);
  });

  it("of a rule that comes each minute is made some minutes ahead, so that a late cron delays none", async () => {
    const schedule = await create({ cron: "* * * * *", duration: 60 });
    const captures = await capturesOf(cast.owner, schedule);
    expect(starts(captures)).toEqual(schedule.next.slice(0, captures.length));
    expect(captures.length).toBeGreaterThanOrEqual(3);
    await travelTo(schedule.next[0]);
    await everyMinute();
    const ahead = (await capturesOf(cast.owner, schedule)).filter(
      ({ scheduledStart }) => Date.parse(scheduledStart as string) > Date.now(),
    );
    expect(ahead.length).toBeGreaterThanOrEqual(3);
  });

  it("is one, however many runs of cron there are at once", async () => {
    const schedule = await create(HOURLY);
    for (let hour = 0; hour < 3; hour++) {
      await travelTo(schedule.next[hour]);
      await Promise.all(Array.from({ length: 5 }, () => makeDueCaptures(env, env.DB, null, Date.now())));
    }
    expect(await perOccurrence(schedule)).toEqual([1, 1, 1, 1]);
    expect(starts(await capturesOf(cast.owner, schedule))).toEqual(schedule.next.slice(0, 4));
  });

  it.each([false, true])("is one when a run is cut off (its answer lost: %s)", async (isAnswerLost) => {
    const schedule = await create(HOURLY);
    await travelTo(schedule.next[0]);
    const { DB, trips } = failing(/insert into captures/, new Error("Network connection lost."), {
      isAnswerLost,
    });
    const counts = await makeDueCaptures({ ...env, DB }, DB, null, Date.now());
    expect(counts).toEqual({ scheduledCaptures: 0, scheduleDeleted: 0, scheduleErrors: 1 });
    expect(trips()).toBe(1);
    await everyMinute();
    await everyMinute();
    expect(starts(await capturesOf(cast.owner, schedule))).toEqual(schedule.next.slice(0, 2));
    const [, second] = (await capturesOf(cast.owner, schedule)) as [Capture, Capture];
    // Its runner was not woken by the run that died; cron does, at its time.
    await travelTo(schedule.next[1], 6000);
    await everyMinute();
    await until(cast.owner, second, "RUNNING");
  });

  it("is made late for each occurrence that was missed meanwhile", async () => {
    const schedule = await create(HOURLY);
    await travelTo(schedule.next[3]);
    await everyMinute();
    const captures = await capturesOf(cast.owner, schedule);
    expect(starts(captures)).toEqual(schedule.next.slice(0, 5));
    const missed = await until(cast.owner, captures[1] as Capture, "FAILED");
    expect(missed.reason).toBe("Its scheduled end passed before it could start");
    await until(cast.owner, captures[3] as Capture, "RUNNING");
    expect(await perOccurrence(schedule)).toEqual([1, 1, 1, 1, 1]);
  });

  it("is left out where it was missed by more than a day, and the schedule says so", async () => {
    const schedule = await create(HOURLY);
    await travel(cast.aws, 5 * DAY);
    for (let minute = 0; minute < 3; minute++) await everyMinute();
    const captures = await capturesOf(cast.owner, schedule);
    const { problem } = await readSchedule(cast.owner, schedule);
    expect(problem).toBe(
      `Occurrences from ${schedule.next[1]} on were missed by more than a day, and were left out`,
    );
    // The one that waited, those of the last day, and the next.
    expect(captures.length).toBeGreaterThanOrEqual(25);
    expect(captures.length).toBeLessThanOrEqual(27);
    expect(new Set(await perOccurrence(schedule))).toEqual(new Set([1]));
    const { next } = await readSchedule(cast.owner, schedule);
    expect(starts(captures).at(-1)).toBe(next[0]);
    // Until the next one has come.
    await travelTo(next[0]);
    await everyMinute();
    expect((await readSchedule(cast.owner, schedule)).problem).toBeNull();
  });

  it("is made late for as long as it has not ended, however long ago it came", async () => {
    const schedule = await create({ cron: "0 0 * * MON", duration: 3 * 86_400 });
    await env.DB.prepare(
      "delete from capture_events where capture_id in (select id from captures where schedule_id = ?1)",
    )
      .bind(schedule.id)
      .run();
    await env.DB.prepare("delete from captures where schedule_id = ?1").bind(schedule.id).run();
    const first = Date.parse(schedule.next[0] as string);
    await env.DB.prepare("update schedules set next_at = ?2, make_at = ?2 where id = ?1")
      .bind(schedule.id, first)
      .run();
    await travelTo(schedule.next[0], 25 * HOUR);
    await everyMinute();
    const [late] = (await capturesOf(cast.owner, schedule)) as [Capture];
    expect(late.scheduledStart).toBe(schedule.next[0]);
    await until(cast.owner, late, "RUNNING");
    expect((await readSchedule(cast.owner, schedule)).problem).toBeNull();
  });

  it("leaves no problem behind when two runs of cron make it at once", async () => {
    const schedule = await create(HOURLY);
    await travelTo(schedule.next[0]);
    await Promise.all([1, 2, 3].map(() => makeDueCaptures(env, env.DB, null, Date.now())));
    expect((await readSchedule(cast.owner, schedule)).problem).toBeNull();
  });

  it("leaves no problem behind when its owner has left the environment meanwhile", async () => {
    const schedule = await createSchedule(cast.member, { envId: cast.environment.id, ...HOURLY });
    await cast.admin.delete(`/api/environments/${cast.environment.id}/members/${cast.member.id}`);
    await cast.admin.put(`/api/schedules/${schedule.id}`, { notes: "x" });
    expect((await readSchedule(cast.admin, schedule)).problem).toBeNull();
  });

  it("is the last one of a rule that comes no more, and the schedule says so", async () => {
    const schedule = await create({
      cron: null,
      rrule: "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=TU;BYHOUR=2",
    });
    expect(schedule.next).toEqual(["2028-02-29T02:00:00.000Z"]);
    expect(await readSchedule(cast.owner, schedule)).toMatchObject({
      captures: 1,
      problem: "Its rule has no further occurrence in the next five years",
    });
  });

  it("is made by cron when the request that made the schedule was cut off", async () => {
    const { DB } = failing(/insert into captures/, new Error("Network connection lost."), { times: 9 });
    const json = { name: "cut off", envId: cast.environment.id, ...HOURLY };
    const headers = cast.owner.headers;
    const { status, body } = await requestIn<Schedule>({ DB }, "POST", "/api/schedules", { json, headers });
    expect(status).toBe(200);
    expect(await capturesOf(cast.owner, body)).toEqual([]);
    await everyMinute();
    expect(starts(await capturesOf(cast.owner, body))).toEqual([body.next[0]]);
  });
});

describe("a capture that was deleted or cancelled while it waited", () => {
  it.each([
    ["deleted", "delete", ""],
    ["cancelled", "post", "/cancel"],
  ] as const)("is not made again when it was %s: that occurrence is left out", async (_, method, more) => {
    const schedule = await create(HOURLY);
    const [waiting] = (await capturesOf(cast.owner, schedule)) as [Capture];
    await cast.owner[method](`/api/captures/${waiting.id}${more}`);
    await everyMinute();
    await travelTo(schedule.next[0]);
    await everyMinute();
    const waitingNow = (await capturesOf(cast.owner, schedule)).filter(
      ({ status }) => status === "SCHEDULED",
    );
    expect(starts(waitingNow)).toEqual([schedule.next[1]]);
  });
});

describe("a name that another capture has", () => {
  it("gets a number behind it", async () => {
    for (const name of ["nightly", "nightly (2)"]) {
      await createCapture(cast.owner, { envId: cast.environment.id, name, scheduledStart: inFuture(DAY) });
    }
    const schedule = await create({ ...HOURLY, captureName: "nightly" });
    expect((await capturesOf(cast.owner, schedule)).map(({ name }) => name)).toEqual(["nightly (3)"]);
  });

  it("keeps no occurrence from its capture, even where all numbers are taken", async () => {
    const schedule = await create({ cron: "* * * * *", duration: 60, captureName: "same" });
    await travelTo(schedule.next[4]);
    await travel(cast.aws, 10 * MINUTE);
    await everyMinute();
    const names = (await capturesOf(cast.owner, schedule)).map(({ name }) => name);
    expect(names.length).toBeGreaterThan(12);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("an environment that is full", () => {
  const FULL = { ...env, MAX_LIVE_CAPTURES: "1" };

  it("has the capture made as soon as there is room, and the schedule says why it waits", async () => {
    const one = await createCapture(cast.owner, {
      envId: cast.environment.id,
      scheduledStart: inFuture(DAY),
    });
    const json = { name: "waits", envId: cast.environment.id, ...HOURLY };
    const made = await requestIn<Schedule>(FULL, "POST", "/api/schedules", {
      json,
      headers: cast.owner.headers,
    });
    expect(await capturesOf(cast.owner, made.body)).toEqual([]);
    const { problem } = await readSchedule(cast.owner, made.body);
    expect(problem).toBe(
      `Environment has 1 captures that have not ended, which is the most it may have: stop or delete one, or wait for an end (the capture of ${made.body.next[0]})`,
    );
    await cast.owner.delete(`/api/captures/${one.id}`);
    await makeDueCaptures(FULL, env.DB, null, Date.now());
    expect(starts(await capturesOf(cast.owner, made.body))).toEqual([made.body.next[0]]);
    expect((await readSchedule(cast.owner, made.body)).problem).toBeNull();
  });

  it("gets a failed capture of an occurrence whose time is over, and goes on with the next", async () => {
    await createCapture(cast.owner, { envId: cast.environment.id, scheduledStart: inFuture(3 * DAY) });
    const json = { name: "misses", envId: cast.environment.id, ...HOURLY };
    const { body } = await requestIn<Schedule>(FULL, "POST", "/api/schedules", {
      json,
      headers: cast.owner.headers,
    });
    await travelTo(body.next[0], 2 * MINUTE);
    await makeDueCaptures(FULL, env.DB, null, Date.now());
    const [failed, ...others] = (await capturesOf(cast.owner, body)) as [Capture];
    expect(others).toEqual([]);
    expect(failed).toMatchObject({ status: "FAILED", scheduledStart: body.next[0], start: null });
    expect(failed.reason).toMatch(/^Environment has 1 captures that have not ended/);
    const events = await cast.owner.get(`/api/captures/${failed.id}/events`);
    expect(events.body).toMatchObject([{ from: null, to: "FAILED", reason: failed.reason }]);
    expect((await readSchedule(cast.owner, body)).problem).toContain(body.next[1]);
  });
});

describe("the capture before", () => {
  it("is the last finished one of a schedule that compares", async () => {
    const schedule = await create({ ...HOURLY, compare: true });
    const bases: (number | null)[] = [];
    let done: Capture | undefined;
    for (let hour = 0; hour < 3; hour++) {
      const captures = await capturesOf(cast.owner, schedule);
      const waiting = captures.at(-1) as Capture;
      const view = await cast.owner.get<{ schedule: { base: number | null } }>(
        `/api/captures/${waiting.id}?view=full`,
      );
      bases.push(view.body.schedule.base);
      await travelTo(schedule.next[hour], 0);
      if (hour === 1) await cast.owner.post(`/api/captures/${waiting.id}/cancel`);
      else if (hour === 0) {
        await until(cast.owner, waiting, "RUNNING");
        await travel(cast.aws, MINUTE);
        done = await until(cast.owner, waiting, "DONE");
      }
      await travel(cast.aws, MINUTE);
      await everyMinute();
    }
    expect(bases).toEqual([null, done?.id, done?.id]);
    await cast.owner.put(`/api/schedules/${schedule.id}`, { compare: false });
    const last = (await capturesOf(cast.owner, schedule)).at(-1) as Capture;
    const view = await cast.owner.get<{ schedule: object }>(`/api/captures/${last.id}?view=full`);
    expect(view.body.schedule).toMatchObject({ base: null });
  });
});

it("schedules that can have no capture, however many, do not keep others from theirs", async () => {
  const schedule = await create(HOURLY);
  await travelTo(schedule.next[0]);
  // As many as a run sees to, of somebody who is no member, and due before the other.
  await env.DB.prepare(
    `insert into schedules (env_id, owner_id, name, cron, time_zone, capture_name, duration, redact, log, min_duration_micros,
       labels, compares, next_at, make_at, created_at, updated_at)
     with recursive n(i) as (select 1 union all select i + 1 from n where i < 200)
     select env_id, ?2, 'stuck ' || i, iif(i % 2, cron, 'broken'), time_zone, capture_name, duration, redact, log, min_duration_micros,
       labels, compares, next_at, make_at - 1000, 1, 1 from schedules, n where id = ?1`,
  )
    .bind(schedule.id, cast.stranger.id)
    .run();
  const first = await makeDueCaptures(env, env.DB, null, Date.now());
  expect(first).toMatchObject({ scheduledCaptures: 0, scheduleErrors: 100 });
  expect(await makeDueCaptures(env, env.DB, null, Date.now())).toMatchObject({ scheduledCaptures: 1 });
  expect(starts(await capturesOf(cast.owner, schedule))).toEqual(schedule.next.slice(0, 2));
});

it("a schedule that can't be read does not keep the others from their captures", async () => {
  const [broken, whole] = [await create(HOURLY), await create(HOURLY)];
  await env.DB.prepare("update schedules set cron = 'broken' where id = ?1").bind(broken.id).run();
  await travelTo(whole.next[0]);
  expect(await makeDueCaptures(env, env.DB, null, Date.now())).toEqual({
    scheduleDeleted: 0,
    scheduledCaptures: 1,
    scheduleErrors: 1,
  });
  expect(await capturesOf(cast.owner, whole)).toHaveLength(2);
});

it("an occurrence that has begun is not made again by a change of the schedule", async () => {
  const schedule = await create(HOURLY);
  const [waiting] = (await capturesOf(cast.owner, schedule)) as [Capture];
  // Somebody has it start now: it stands for its occurrence all the same.
  await cast.owner.put(`/api/captures/${waiting.id}`, { scheduledStart: inFuture(1000) });
  await travel(cast.aws, 2000);
  await until(cast.owner, waiting, "RUNNING");
  await cast.owner.put(`/api/schedules/${schedule.id}`, { notes: "changed" });
  await everyMinute();
  const waitingNow = (await capturesOf(cast.owner, schedule)).filter(({ status }) => status === "SCHEDULED");
  expect(starts(waitingNow)).not.toContain(schedule.next[0]);
  expect((await readCapture(cast.owner, waiting)).status).toBe("RUNNING");
});
