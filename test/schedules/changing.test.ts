import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import type { Schedule } from "../../src/schedules/replies.ts";
import { expectRefusal, readCapture } from "../support/api.ts";
import { everyMinute } from "../support/cron.ts";
import { castForEachTest } from "../support/each-test.ts";
import { travel, until } from "../support/time.ts";
import { capturesOf, createSchedule, endSchedules, perOccurrence, readSchedule } from "./support.ts";

const MINUTE = 60_000;
const REPLACED = "Its schedule was changed, paused or deleted before it was running";

const cast = castForEachTest();

beforeEach(endSchedules);
afterEach(endSchedules);

const HOURLY = { cron: "0 * * * *", duration: 60 };
const create = (fields: object = {}) =>
  createSchedule(cast.owner, { envId: cast.environment.id, ...HOURLY, ...fields });
const travelTo = (moment: string | undefined, more = 1000) =>
  travel(cast.aws, Date.parse(moment as string) - Date.now() + more);
const waitingOf = async (schedule: { id: number }) =>
  (await capturesOf(cast.owner, schedule)) as [Capture, ...Capture[]];
const rowOf = ({ id }: { id: number }) =>
  env.DB.prepare("select status, reason, deleted_at as deletedAt from captures where id = ?1")
    .bind(id)
    .first();

describe("the capture that waits", () => {
  it("is made anew by a change of the schedule, with the same number", async () => {
    const schedule = await create({ captureName: "{schedule} {number}" });
    const [before] = await waitingOf(schedule);
    const { body } = await cast.admin.put<Schedule>(`/api/schedules/${schedule.id}`, {
      cron: "30 4 * * *",
      name: "x",
    });
    const [after, ...others] = await waitingOf(schedule);
    expect(others).toEqual([]);
    expect(after).toMatchObject({ name: "x 1", scheduledStart: body.next[0], status: "SCHEDULED" });
    // It stays its owner's, whoever has changed it.
    const full = await cast.owner.get(`/api/captures/${after.id}?view=full`);
    expect(full.body).toMatchObject({ owner: { id: cast.owner.id } });
    expect(await rowOf(before)).toMatchObject({
      status: "FAILED",
      reason: REPLACED,
      deletedAt: expect.any(Number),
    });
    const { results } = await env.DB.prepare(
      "select to_status as status, actor, reason from capture_events where capture_id = ?1 order by id",
    )
      .bind(before.id)
      .all();
    expect(results).toEqual([
      { status: "SCHEDULED", actor: "schedule", reason: null },
      { status: "FAILED", actor: cast.admin.id, reason: REPLACED },
    ]);
  });

  it("is deleted by a pause, and the next one is made by the resumption", async () => {
    const schedule = await create();
    const paused = await cast.owner.post<Schedule>(`/api/schedules/${schedule.id}/pause`);
    expect(paused.body).toMatchObject({ pausedAt: expect.any(String), next: [] });
    expect(await capturesOf(cast.owner, schedule)).toEqual([]);
    await travelTo(schedule.next[1]);
    await everyMinute();
    expect(await capturesOf(cast.owner, schedule)).toEqual([]);
    const resumed = await cast.owner.post<Schedule>(`/api/schedules/${schedule.id}/resume`);
    expect(resumed.body).toMatchObject({ pausedAt: null, next: expect.arrayContaining([schedule.next[2]]) });
    expect((await waitingOf(schedule)).map(({ scheduledStart }) => scheduledStart)).toEqual([
      schedule.next[2],
    ]);
  });

  it("is not made by a change of a schedule that is paused", async () => {
    const schedule = await create();
    await cast.owner.post(`/api/schedules/${schedule.id}/pause`);
    const { body } = await cast.owner.put<Schedule>(`/api/schedules/${schedule.id}`, { duration: 120 });
    expect(body).toMatchObject({ duration: 120, pausedAt: expect.any(String) });
    await everyMinute();
    expect(await capturesOf(cast.owner, schedule)).toEqual([]);
  });

  it("is deleted with the schedule; one that has begun goes on", async () => {
    const schedule = await create();
    const [first] = await waitingOf(schedule);
    await travelTo(schedule.next[0]);
    await everyMinute();
    await until(cast.owner, first, "RUNNING");
    const { body } = await cast.owner.delete<Schedule>(`/api/schedules/${schedule.id}`);
    expect(body.id).toBe(schedule.id);
    expectRefusal(await cast.owner.get(`/api/schedules/${schedule.id}`), 404, "Schedule not found");
    expect((await capturesOf(cast.owner, schedule)).map(({ id }) => id)).toEqual([first.id]);
    await travel(cast.aws, MINUTE);
    await until(cast.owner, first, "DONE");
    await everyMinute();
    expect(await perOccurrence(schedule)).toEqual([1, 1]);
  });
});

describe("an owner who loses the environment", () => {
  const remove = (userId: string) =>
    cast.admin.delete(`/api/environments/${cast.environment.id}/members/${userId}`);

  it("leaves a schedule that is paused within a minute, and its waiting capture is deleted", async () => {
    const schedule = await createSchedule(cast.member, { envId: cast.environment.id, ...HOURLY });
    const [waiting] = await waitingOf(schedule);
    await remove(cast.member.id);
    await everyMinute();
    expect(await readSchedule(cast.admin, schedule)).toMatchObject({
      pausedAt: expect.any(String),
      problem: "Its owner is no member of the environment any more. Whoever resumes it becomes its owner",
      next: [],
    });
    expect(await rowOf(waiting)).toMatchObject({ status: "FAILED", deletedAt: expect.any(Number) });
    const events = await cast.admin.get(`/api/schedules/${schedule.id}/events`);
    expect(events.body).toMatchObject([{ what: "created" }, { what: "paused", actor: { type: "cleanup" } }]);
    expectRefusal(await cast.member.post(`/api/schedules/${schedule.id}/resume`), 404, "Schedule not found");
    const { body } = await cast.admin.post<Schedule>(`/api/schedules/${schedule.id}/resume`);
    expect(body).toMatchObject({ owner: { id: cast.admin.id }, problem: null, pausedAt: null });
    await everyMinute();
    const full = await cast.admin.get(`/api/captures/${(await waitingOf(schedule))[0].id}?view=full`);
    expect(full.body).toMatchObject({ owner: { id: cast.admin.id }, status: "SCHEDULED" });
  });

  it("has no capture made in the minute until then", async () => {
    const schedule = await createSchedule(cast.member, { envId: cast.environment.id, ...HOURLY });
    await travelTo(schedule.next[0]);
    await remove(cast.member.id);
    await everyMinute();
    expect(await perOccurrence(schedule)).toEqual([1]);
  });
});

describe("an environment", () => {
  const path = () => `/api/environments/${cast.environment.id}`;

  it("is not deleted while a schedule has a capture wait; with its schedules paused it is, and so are they", async () => {
    const schedule = await create();
    const message = "Environment has captures that have not ended: stop or delete them first";
    expectRefusal(await cast.admin.delete(path()), 409, message);
    await cast.owner.post(`/api/schedules/${schedule.id}/pause`);
    expect((await cast.admin.delete(path())).status).toBe(200);
    expectRefusal(await cast.admin.get(`/api/schedules/${schedule.id}`), 404, "Schedule not found");
    await everyMinute();
    expect(
      await env.DB.prepare("select 1 from schedules where id = ?1 and deleted_at is null")
        .bind(schedule.id)
        .first(),
    ).toBeNull();
  });
});

describe("a schedule that keeps some of its captures", () => {
  /** Lets the captures of some hours come and end: each is cancelled, which ends it too. */
  async function endSome(schedule: Schedule, hours: number): Promise<Capture[]> {
    for (let hour = 0; hour < hours; hour++) {
      const waiting = (await capturesOf(cast.owner, schedule)).at(-1) as Capture;
      await travelTo(schedule.next[hour], 0);
      await cast.owner.post(`/api/captures/${waiting.id}/cancel`);
      await everyMinute();
    }
    return capturesOf(cast.owner, schedule);
  }

  it("has older ones deleted, and none that has not ended", async () => {
    const schedule = await create({ keepLast: 2 });
    const kept = await endSome(schedule, 4);
    expect(kept.map(({ scheduledStart, status }) => [scheduledStart, status])).toEqual([
      [schedule.next[2], "FAILED"],
      [schedule.next[3], "FAILED"],
      [schedule.next[4], "SCHEDULED"],
    ]);
    expect(await perOccurrence(schedule)).toEqual([1, 1, 1, 1, 1]);
  });

  it("keeps one that is running, however many have ended since", async () => {
    const schedule = await create({ keepLast: 1, duration: 2_000_000 });
    const [first] = await waitingOf(schedule);
    await travelTo(schedule.next[0], 0);
    await until(cast.owner, first, "RUNNING");
    await everyMinute();
    for (let hour = 1; hour < 4; hour++) {
      const waiting = (await capturesOf(cast.owner, schedule)).at(-1) as Capture;
      await travelTo(schedule.next[hour], 0);
      await cast.owner.post(`/api/captures/${waiting.id}/cancel`);
      await everyMinute();
    }
    const left = await capturesOf(cast.owner, schedule);
    expect(left.map(({ status }) => status)).toEqual(["RUNNING", "FAILED", "SCHEDULED"]);
  });

  it("does not delete one again that was brought back", async () => {
    const schedule = await create({ keepLast: 1 });
    const [first] = await waitingOf(schedule);
    await endSome(schedule, 2);
    expect((await cast.owner.get(`/api/captures/${first.id}`)).status).toBe(404);
    expect((await cast.owner.post(`/api/captures/${first.id}/restore`)).status).toBe(200);
    await everyMinute();
    expect((await readCapture(cast.owner, first)).id).toBe(first.id);
  });

  it("leaves the captures of others, and of the environment, alone", async () => {
    const [one, other] = [await create({ keepLast: 1 }), await create()];
    await endSome(one, 2);
    const all = await capturesOf(cast.owner, other);
    expect(all.length).toBeGreaterThanOrEqual(3);
    expect(await perOccurrence(other)).toHaveLength(all.length);
  });
});
