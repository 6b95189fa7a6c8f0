import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import type { Schedule } from "../../src/schedules/replies.ts";
import { expectRefusal, readCapture, request } from "../support/api.ts";
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

describe("whoever watches a waiting capture", () => {
  /** What a request that waits for the capture's next change is answered. */
  async function watched(schedule: Schedule, change: () => Promise<unknown>) {
    const [waiting] = await waitingOf(schedule);
    const told = cast.admin.get(`/api/captures/${waiting.id}?wait=60`);
    // Time to come to its waiting.
    await scheduler.wait(150);
    await change();
    return told;
  }

  it.each([
    ["PUT", "", { notes: "x" }],
    ["POST", "/pause", undefined],
    ["DELETE", "", undefined],
  ] as const)("is told at once that it is deleted (%s %s)", async (method, more, json) => {
    const schedule = await create();
    const { headers } = cast.owner;
    const told = await watched(schedule, () =>
      request(method, `/api/schedules/${schedule.id}${more}`, { headers, ...(json && { json }) }),
    );
    expectRefusal(told, 404, "Capture's environment not found");
  });

  it("is told when cron pauses the schedule", async () => {
    const schedule = await createSchedule(cast.member, { envId: cast.environment.id, ...HOURLY });
    const told = await watched(schedule, async () => {
      await cast.admin.delete(`/api/environments/${cast.environment.id}/members/${cast.member.id}`);
      await everyMinute();
    });
    expectRefusal(told, 404, "Capture's environment not found");
  });
});

describe("a capture that was ended while it waited, and a change of the schedule after it", () => {
  it("is counted once when it was cancelled", async () => {
    const schedule = await create({ captureName: "{schedule} {number}" });
    const [waiting] = await waitingOf(schedule);
    await cast.owner.post(`/api/captures/${waiting.id}/cancel`);
    await cast.owner.put(`/api/schedules/${schedule.id}`, { notes: "x" });
    expect((await readSchedule(cast.owner, schedule)).captures).toBe(1);
    await travelTo(schedule.next[0]);
    await everyMinute();
    const last = (await capturesOf(cast.owner, schedule)).at(-1);
    expect(last).toMatchObject({ name: `${schedule.name} 2`, scheduledStart: schedule.next[1] });
  });

  it("is not made again when it was deleted", async () => {
    const schedule = await create({ captureName: "{schedule} {number}" });
    const [waiting] = await waitingOf(schedule);
    await cast.owner.delete(`/api/captures/${waiting.id}`);
    await cast.owner.put(`/api/schedules/${schedule.id}`, { notes: "x" });
    expect(await capturesOf(cast.owner, schedule)).toEqual([]);
    expect((await readSchedule(cast.owner, schedule)).captures).toBe(1);
    await travelTo(schedule.next[0]);
    await everyMinute();
    expect(await capturesOf(cast.owner, schedule)).toMatchObject([
      { name: `${schedule.name} 2`, scheduledStart: schedule.next[1] },
    ]);
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
      problem:
        "Its owner may make no captures in the environment any more. Whoever resumes it becomes its owner",
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
  /** Lets the captures of some hours come, and puts each into the state in which it has ended. */
  async function endSome(schedule: Schedule, ends: ("DONE" | "FAILED")[]): Promise<Capture[]> {
    for (const [hour, status] of ends.entries()) {
      const waiting = (await capturesOf(cast.owner, schedule)).at(-1) as Capture;
      if (status === "FAILED") await cast.owner.post(`/api/captures/${waiting.id}/cancel`);
      else {
        await env.DB.prepare("update captures set status = 'DONE', due_at = null where id = ?1")
          .bind(waiting.id)
          .run();
      }
      await travelTo(schedule.next[hour]);
      await everyMinute();
    }
    return capturesOf(cast.owner, schedule);
  }
  const states = (captures: Capture[]) =>
    captures.map(({ scheduledStart, status }) => [scheduledStart, status]);

  it("has older ones deleted, and none that has not ended", async () => {
    const schedule = await create({ keepLast: 2 });
    expect(states(await endSome(schedule, ["DONE", "DONE", "DONE", "DONE"]))).toEqual([
      [schedule.next[2], "DONE"],
      [schedule.next[3], "DONE"],
      [schedule.next[4], "SCHEDULED"],
    ]);
    expect(await perOccurrence(schedule)).toEqual([1, 1, 1, 1, 1]);
  });

  it("loses no recording by failures, and its old failures with the recordings around them", async () => {
    const schedule = await create({ keepLast: 1 });
    const kept = await endSome(schedule, ["FAILED", "DONE", "FAILED", "FAILED"]);
    expect(states(kept)).toEqual([
      [schedule.next[1], "DONE"],
      [schedule.next[2], "FAILED"],
      [schedule.next[3], "FAILED"],
      [schedule.next[4], "SCHEDULED"],
    ]);
  });

  it("keeps one that is running, however many were recorded since", async () => {
    const schedule = await create({ keepLast: 1, duration: 2_000_000 });
    const [first] = await waitingOf(schedule);
    await travelTo(schedule.next[0], 0);
    await until(cast.owner, first, "RUNNING");
    await everyMinute();
    for (let hour = 1; hour < 4; hour++) {
      await env.DB.prepare(
        "update captures set status = 'DONE', due_at = null where schedule_id = ?1 and id <> ?2",
      )
        .bind(schedule.id, first.id)
        .run();
      await travelTo(schedule.next[hour]);
      await everyMinute();
    }
    const left = await capturesOf(cast.owner, schedule);
    expect(left.map(({ status }) => status)).toEqual(["RUNNING", "DONE", "SCHEDULED"]);
  });

  it("does not delete one again that was brought back", async () => {
    const schedule = await create({ keepLast: 1 });
    const [first] = await waitingOf(schedule);
    await endSome(schedule, ["DONE", "DONE"]);
    expect((await cast.owner.get(`/api/captures/${first.id}`)).status).toBe(404);
    expect((await cast.owner.post(`/api/captures/${first.id}/restore`)).status).toBe(200);
    await everyMinute();
    expect((await readCapture(cast.owner, first)).id).toBe(first.id);
  });

  it("leaves the captures of others, and of the environment, alone", async () => {
    const [one, other] = [await create({ keepLast: 1 }), await create()];
    await endSome(one, ["DONE", "DONE"]);
    const all = await capturesOf(cast.owner, other);
    expect(all.length).toBeGreaterThanOrEqual(3);
    expect(await perOccurrence(other)).toHaveLength(all.length);
  });
});
