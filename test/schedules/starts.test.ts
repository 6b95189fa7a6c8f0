import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Occurrences, Schedule } from "../../src/schedules/replies.ts";
import { expectRefusal, request } from "../support/api.ts";
import { everyMinute } from "../support/cron.ts";
import { castForEachTest } from "../support/each-test.ts";
import { travel } from "../support/time.ts";
import { capturesOf, createSchedule, endSchedules, perOccurrence, readSchedule } from "./support.ts";

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
const OVER = "Schedule is over: its rule has no further occurrence. Change its rule or its start first";
const NONE_LEFT =
  "rrule: its COUNT or UNTIL leaves no occurrence from now on: change it, or give a later start";

const cast = castForEachTest();

beforeEach(endSchedules);
afterEach(endSchedules);

const create = (fields: object = {}) =>
  createSchedule(cast.owner, { envId: cast.environment.id, cron: undefined, ...fields });
const travelTo = (moment: string | undefined) =>
  travel(cast.aws, Date.parse(moment as string) - Date.now() + 1000);
/** The local time some days from now, in UTC. */
const inDays = (days: number, clock = "09:30") =>
  `${new Date(Date.now() + days * DAY).toISOString().slice(0, 10)}T${clock}`;
const put = (schedule: Schedule, json: object) =>
  cast.owner.put<Schedule>(`/api/schedules/${schedule.id}`, json);
const resume = ({ id }: Schedule) => cast.owner.post<Schedule>(`/api/schedules/${id}/resume`);

describe("a schedule's start", () => {
  it("is shown, and says when a rule comes that says neither hours nor days", async () => {
    const start = inDays(2);
    const made = await create({ rrule: "FREQ=WEEKLY;INTERVAL=2", start });
    expect(made).toMatchObject({ start, state: "active", rrule: "FREQ=WEEKLY;INTERVAL=2" });
    const expected = [0, 14, 28, 42, 56].map((days) =>
      new Date(Date.parse(`${start}Z`) + days * DAY).toISOString(),
    );
    expect(made.next).toEqual(expected);
    expect((await capturesOf(cast.owner, made)).map(({ scheduledStart }) => scheduledStart)).toEqual(
      expected.slice(0, 1),
    );
    const query = new URLSearchParams({ rrule: made.rrule ?? "", start });
    const { body } = await cast.owner.get<Occurrences>(`/api/schedules/occurrences?${query}`);
    expect(body.occurrences).toEqual(expected);
  });

  it("may be a moment, which is stored as the local time there, to the minute", async () => {
    const made = await create({
      rrule: "FREQ=DAILY",
      timeZone: "Asia/Kathmandu",
      start: `${inDays(2, "23:00")}:59.5+02:00`,
    });
    expect(made.start).toBe(inDays(3, "02:45"));
    expect(made.next[0]).toBe(`${inDays(2, "21:00")}:00.000Z`);
  });

  it("may be a date, which is its midnight", async () => {
    const made = await create({
      rrule: "FREQ=DAILY",
      start: inDays(2).slice(0, 10),
      timeZone: "Asia/Kathmandu",
    });
    expect([made.start, made.next[0]]).toEqual([inDays(2, "00:00"), `${inDays(1, "18:15")}:00.000Z`]);
  });

  it("stays with a change of the rule, of the zone it is the same local time, and null takes it away", async () => {
    const start = inDays(2);
    const made = await create({ rrule: "FREQ=WEEKLY;INTERVAL=2", start });
    const later = await put(made, { rrule: "FREQ=WEEKLY;INTERVAL=2;BYHOUR=10" });
    expect(later.body).toMatchObject({ start });
    expect(later.body.next[0]).toBe(`${inDays(2, "10:30")}:00.000Z`);
    const moved = await put(made, { timeZone: "Asia/Kathmandu" });
    expect(moved.body).toMatchObject({ start });
    expect(moved.body.next[0]).toBe(`${inDays(2, "04:45")}:00.000Z`);
    expectRefusal(await put(made, { start: null }), 400, /^rrule: BYDAY is needed with FREQ=WEEKLY, unless/);
    const none = await put(made, { start: null, rrule: "FREQ=DAILY;BYHOUR=3" });
    expect(none.body).toMatchObject({ start: null });
    expect(none.body.next[0]).toMatch(/T21:15:00.000Z$/);
  });

  it("that there is not is the moment when it was made, whenever the rule is changed", async () => {
    const made = await create({ rrule: "FREQ=DAILY;BYHOUR=2" });
    await env.DB.prepare("update schedules set created_at = created_at - ?2 where id = ?1")
      .bind(made.id, 3 * DAY)
      .run();
    const { createdAt } = await readSchedule(cast.owner, made);
    const { body } = await put(made, { rrule: "FREQ=HOURLY;INTERVAL=100;BYMINUTE=0" });
    const counted = Math.floor(Date.parse(createdAt) / HOUR) * HOUR + 100 * HOUR;
    expect(body.next[0]).toBe(new Date(counted).toISOString());
    const query = new URLSearchParams({ rrule: body.rrule ?? "", createdAt });
    const preview = await cast.owner.get<Occurrences>(`/api/schedules/occurrences?${query}`);
    expect(preview.body.occurrences).toEqual(body.next);
  });

  it.each([
    [{ start: "tomorrow" }, 'start: must be a local date and time such as "2026-11-30T09:00", or a date'],
    [{ start: "2027-02-30T09:00" }, /^start: must be a local date and time/],
    [{ start: "" }, /^start: must be a local date and time/],
    [{ start: 1 }, /^start: /],
    [{ start: "2010-01-01T00:00" }, "start: must be at most ten years ago"],
    [{ start: "2027-01-01T00:00Z", timeZone: "Vienna" }, /^timeZone: must be a name/],
    [{ start: "2099-01-01T00:00" }, "cron, rrule: has no occurrence in the next five years"],
    [{ start: "2026-01-01T00:00", rrule: "FREQ=DAILY;COUNT=3" }, NONE_LEFT],
    [{ start: "2026-01-01T00:00", rrule: "FREQ=DAILY;UNTIL=20260103" }, NONE_LEFT],
    [{ rrule: "FREQ=DAILY;BYHOUR=2;COUNT=3;UNTIL=20270101" }, "rrule: COUNT and UNTIL can't both be there"],
    [
      { rrule: "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", start: "2026-01-01" },
      /^cron, rrule: has no occurrence/,
    ],
  ] as [object, string | RegExp][])("is refused with %o", async (fields, message) => {
    const json = { name: "x", envId: cast.environment.id, rrule: "FREQ=DAILY", duration: 600, ...fields };
    expectRefusal(await cast.owner.post("/api/schedules", json), 400, message);
  });

  it("that is too long ago is refused by a change and a preview, too", async () => {
    const made = await create({ rrule: "FREQ=DAILY", start: inDays(2) });
    const message = "start: must be at most ten years ago";
    expectRefusal(await put(made, { start: "2010-01-01" }), 400, message);
    const query = "rrule=FREQ%3DDAILY&start=2010-01-01";
    expectRefusal(await cast.owner.get(`/api/schedules/occurrences?${query}`), 400, message);
  });

  it("that has become too old is no obstacle to a change that sends it", async () => {
    const made = await create({ rrule: "FREQ=DAILY", start: inDays(2) });
    await env.DB.prepare("update schedules set start = '2011-01-01T04:00' where id = ?1").bind(made.id).run();
    const { status, body } = await put(made, { start: "2011-01-01T04:00", notes: "x" });
    expect([status, body.next[0]?.slice(11, 16)]).toEqual([200, "04:00"]);
  });

  it("is a part of what a repeated request with a key asks for", async () => {
    const headers = { ...cast.owner.headers, "idempotency-key": crypto.randomUUID() };
    const json = { name: "keyed", envId: cast.environment.id, rrule: "FREQ=DAILY", duration: 600 };
    const ask = (start: string) =>
      request<Schedule>("POST", "/api/schedules", { json: { ...json, start }, headers });
    const first = await ask(inDays(2));
    expect((await ask(inDays(2))).body).toEqual(first.body);
    expect((await ask(inDays(3))).status).toBe(422);
  });
});

describe("a schedule of yesterday, which has no start", () => {
  it("goes on as it was", async () => {
    const made = await create({ rrule: "FREQ=HOURLY" });
    await env.DB.prepare("update schedules set start = null, last_at = null where id = ?1")
      .bind(made.id)
      .run();
    expect(await readSchedule(cast.owner, made)).toMatchObject({
      start: null,
      next: made.next,
      state: "active",
    });
    await travelTo(made.next[0]);
    await everyMinute();
    expect(await perOccurrence(made)).toEqual([1, 1]);
  });

  it("is answered to its key as it was made", async () => {
    const headers = { ...cast.owner.headers, "idempotency-key": crypto.randomUUID() };
    const json = { name: "keyed", envId: cast.environment.id, rrule: "FREQ=HOURLY", duration: 600 };
    const first = await request<Schedule>("POST", "/api/schedules", { json, headers });
    // What was stored before there was a start.
    await env.DB.prepare(
      "update idempotency_keys set capture = json_remove(capture, '$.schedule.start', '$.schedule.lastAt') where capture like '%keyed%'",
    ).run();
    const { results } = await env.DB.prepare(
      "select capture from idempotency_keys where capture like '%keyed%'",
    ).all<{ capture: string }>();
    expect(results[0]?.capture).not.toMatch(/lastAt|"start"/);
    const again = await request<Schedule>("POST", "/api/schedules", { json, headers });
    expect([again.status, again.body]).toEqual([200, first.body]);
  });

  it("that had come to its end is over", async () => {
    const made = await create({ rrule: "FREQ=HOURLY" });
    await env.DB.prepare("update schedules set next_at = null, make_at = null where id = ?1")
      .bind(made.id)
      .run();
    expect(await readSchedule(cast.owner, made)).toMatchObject({ state: "over", next: [] });
  });
});

describe("a schedule whose rule ends", () => {
  const TWICE = "FREQ=HOURLY;COUNT=2";
  async function ended(): Promise<Schedule> {
    const made = await create({ rrule: TWICE, duration: 60 });
    expect(made.next).toHaveLength(2);
    await travelTo(made.next[0]);
    await everyMinute();
    // The last one waits.
    expect(await readSchedule(cast.owner, made)).toMatchObject({ state: "active", next: made.next.slice(1) });
    await travelTo(made.next[1]);
    await everyMinute();
    return made;
  }

  it("is over after its last occurrence, without a problem, and makes no more captures", async () => {
    const made = await ended();
    expect(await readSchedule(cast.owner, made)).toMatchObject({
      ...{ state: "over", next: [], problem: null, pausedAt: null, captures: 2 },
    });
    await travel(cast.aws, 5 * HOUR);
    await everyMinute();
    expect(await perOccurrence(made)).toEqual([1, 1]);
    const { body } = await cast.owner.get<Occurrences>(`/api/schedules/${made.id}/occurrences`);
    expect(body.occurrences).toEqual([]);
  });

  it("can't be resumed, and says why, paused or not", async () => {
    const made = await ended();
    expectRefusal(await resume(made), 409, OVER);
    await cast.owner.post(`/api/schedules/${made.id}/pause`);
    expectRefusal(await resume(made), 409, OVER);
    expect(await readSchedule(cast.owner, made)).toMatchObject({ state: "paused", next: [] });
    // A stranger is told nothing.
    expectRefusal(await cast.stranger.post(`/api/schedules/${made.id}/resume`), 404, "Schedule not found");
  });

  it("may have another name, and goes on with another rule or a later start", async () => {
    const made = await ended();
    const named = await put(made, { name: "renamed", rrule: TWICE });
    expect(named.body).toMatchObject({ name: "renamed", state: "over", next: [] });
    expectRefusal(await put(made, { rrule: "FREQ=HOURLY;COUNT=1" }), 400, NONE_LEFT);
    const longer = await put(made, { rrule: "FREQ=HOURLY;COUNT=3" });
    expect(longer.body.state).toBe("active");
    expect(longer.body.next).toHaveLength(1);
    const again = await put(made, { start: inDays(1), rrule: TWICE });
    expect(again.body).toMatchObject({ state: "active", start: inDays(1) });
    expect(again.body.next).toHaveLength(2);
    expect(await perOccurrence(made)).toEqual([1, 1, 1, 1]);
  });

  it("counts what it was paused over", async () => {
    const made = await create({ rrule: "FREQ=HOURLY;COUNT=3", duration: 60 });
    await cast.owner.post(`/api/schedules/${made.id}/pause`);
    await travelTo(made.next[1]);
    const resumed = await resume(made);
    expect(resumed.body.next).toEqual(made.next.slice(2));
  });

  it("has its last capture made anew by a change while that waits", async () => {
    const made = await create({ rrule: "FREQ=HOURLY;COUNT=1" });
    const { body } = await put(made, { name: "only one" });
    expect(body).toMatchObject({ state: "active", next: made.next });
    expect((await capturesOf(cast.owner, made)).map(({ scheduledStart }) => scheduledStart)).toEqual(
      made.next,
    );
    await travelTo(made.next[0]);
    expect((await readSchedule(cast.owner, made)).state).toBe("over");
  });

  it("ends while the service is away, and has the captures that it missed", async () => {
    const made = await create({ rrule: "FREQ=HOURLY;COUNT=3", duration: 60 });
    await travel(cast.aws, 10 * HOUR);
    await everyMinute();
    expect(await perOccurrence(made)).toEqual([1, 1, 1]);
    expect(await readSchedule(cast.owner, made)).toMatchObject({ state: "over", problem: null });
  });

  it("ends while the service is away for days, and says what was left out", async () => {
    const made = await create({ rrule: "FREQ=HOURLY;COUNT=3", duration: 60 });
    await travel(cast.aws, 3 * DAY);
    await everyMinute();
    expect(await perOccurrence(made)).toEqual([1]);
    expect(await readSchedule(cast.owner, made)).toMatchObject({
      ...{ state: "over", next: [], problem: expect.stringMatching(/^Occurrences from .* were missed/) },
    });
  });

  it("is in the calendar as long as it comes", async () => {
    const made = await create({ rrule: "FREQ=DAILY;COUNT=2", start: inDays(2), name: "twice" });
    const { body } = await cast.owner.post<{ url: string }>("/api/schedules/calendar");
    const { body: calendar } = await request<string>("GET", body.url);
    const begins = [...calendar.matchAll(/DTSTART:(\S+)/g)].map(([, at]) => at);
    expect(begins).toEqual(made.next.map((time) => `${time.slice(0, 19).replaceAll(/[-:]/g, "")}Z`));
  });
});

describe("the list of schedules", () => {
  const names = async (query: string) => {
    const { status, body } = await cast.owner.get<Schedule[]>(
      `/api/schedules?envId=${cast.environment.id}&${query}`,
    );
    return status === 200 ? body.map(({ name }) => name) : status;
  };

  it("has those of a state, of a name, or with a text in it", async () => {
    const over = await create({ rrule: "FREQ=HOURLY;COUNT=1", name: "Once", duration: 60 });
    const paused = await create({ rrule: "FREQ=HOURLY", name: "paused nightly" });
    await create({ rrule: "FREQ=HOURLY", name: "Nightly" });
    await cast.owner.post(`/api/schedules/${paused.id}/pause`);
    // Its last capture waits: it is not over yet.
    expect(await names("state=over")).toEqual([]);
    expect(await names("state=active")).toEqual(["Once", "Nightly"]);
    await travelTo(over.next[0]);
    expect(await names("state=over")).toEqual(["Once"]);
    expect(await names("state=Active")).toEqual(["Nightly"]);
    expect(await names("state=paused")).toEqual(["paused nightly"]);
    expect(await names("search=NIGHT")).toEqual(["paused nightly", "Nightly"]);
    expect(await names("search=NIGHT&state=active")).toEqual(["Nightly"]);
    expect(await names("search=%25")).toEqual([]);
    expect(await names("name=Nightly")).toEqual(["Nightly"]);
    expect(await names("name=nightly")).toEqual([]);
    expect(await names("state=active&state=over")).toBe(400);
    expect(await names(`search=${"x".repeat(101)}`)).toBe(400);
  });

  it("goes on from page to page with what was asked for", async () => {
    for (const name of ["a1", "b", "a2", "a3"]) await create({ rrule: "FREQ=HOURLY", name });
    const first = await cast.owner.get<Schedule[]>("/api/schedules?search=a&state=active&limit=2");
    expect(first.body.map(({ name }) => name)).toEqual(["a1", "a2"]);
    const next = /<https?:\/\/[^/]+([^>]+)>; rel="next"/.exec(first.headers.get("link") ?? "")?.[1] as string;
    const second = await cast.owner.get<Schedule[]>(next);
    expect(second.body.map(({ name }) => name)).toEqual(["a3"]);
    expect(second.headers.get("link")).toBeNull();
  });
});
