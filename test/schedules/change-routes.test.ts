import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Schedule } from "../../src/schedules/replies.ts";
import { type Cast, createCast, expectRefusal, request, requestIn } from "../support/api.ts";
import { intercept } from "../support/counting.ts";
import { capturesOf, createSchedule, readSchedule } from "./support.ts";

let cast: Cast;
beforeAll(async () => {
  cast = await createCast();
});

const create = (fields: object = {}) => createSchedule(cast.owner, { envId: cast.environment.id, ...fields });

/** Every change of a schedule. */
const CHANGES = [
  ["PUT", ""],
  ["DELETE", ""],
  ["POST", "/pause"],
  ["POST", "/resume"],
] as const;

describe.each(CHANGES)("%s /api/schedules/{id}%s", (method, more) => {
  const json = method === "PUT" ? { notes: "changed" } : undefined;
  const pathOf = ({ id }: { id: number }) => `/api/schedules/${id}${more}`;
  /** A schedule that the change changes. */
  async function subject(): Promise<Schedule> {
    const made = await create();
    if (more === "/resume") await cast.owner.post(`/api/schedules/${made.id}/pause`);
    return made;
  }
  const send = (schedule: { id: number }, headers: Record<string, string>) =>
    request<Schedule>(method, pathOf(schedule), { headers, ...(json && { json }) });
  const tag = async ({ id }: { id: number }) =>
    (await cast.owner.get(`/api/schedules/${id}`)).headers.get("etag") as string;

  it("is for its owner and admins, and unknown to strangers", async () => {
    const schedule = await subject();
    expectRefusal(await send(schedule, {}), 401, "Login required");
    const stranger = await send(schedule, cast.stranger.headers);
    expectRefusal(stranger, 404, "Schedule not found");
    expect((await send({ id: 999_999 }, cast.stranger.headers)).body).toEqual(stranger.body);
    const message = "Only the schedule's owner or an admin of its environment may do this";
    const before = await readSchedule(cast.member, schedule);
    expectRefusal(await send(schedule, cast.member.headers), 403, message);
    expect(await readSchedule(cast.member, schedule)).toEqual(before);
    expect((await send(schedule, cast.admin.headers)).status).toBe(200);
    expect((await send(await subject(), cast.owner.headers)).status).toBe(200);
  });

  it("is made of the version that is asked for only", async () => {
    const schedule = await subject();
    const old = await tag(schedule);
    await cast.owner.put(`/api/schedules/${schedule.id}`, { labels: { a: "b" } });
    const before = await readSchedule(cast.owner, schedule);
    const outdated = await send(schedule, { ...cast.owner.headers, "if-match": old });
    expectRefusal(outdated, 412, /^If-Match: the schedule has changed since/);
    const present = await tag(schedule);
    const excluded = await send(schedule, { ...cast.owner.headers, "if-none-match": present });
    expectRefusal(excluded, 412, /^If-None-Match: names the version that the schedule has/);
    const ofCapture = `"1.${schedule.id}.2"`;
    expect((await send(schedule, { ...cast.owner.headers, "if-match": ofCapture })).status).toBe(412);
    expect(await readSchedule(cast.owner, schedule)).toEqual(before);
    expect((await send(schedule, { ...cast.owner.headers, "if-match": present })).status).toBe(200);
  });

  it("gives up when others change it again and again meanwhile", async () => {
    const schedule = await subject();
    let races = 0;
    const overtake = () =>
      env.DB.prepare("update schedules set version = version + 1 where id = ?1").bind(schedule.id).run();
    const session = env.DB.withSession();
    const batch = async (statements: D1PreparedStatement[]) => {
      races++;
      await overtake();
      return session.batch(statements);
    };
    const DB = intercept(env.DB, { withSession: () => intercept(session, { batch }) });
    const reply = await requestIn({ DB }, method, pathOf(schedule), {
      headers: cast.owner.headers,
      ...(json && { json }),
    });
    expectRefusal(reply, 409, "Schedule was changed by somebody else just now: look at it and try again");
    expect(races).toBe(3);
  });
});

it("a change by who has lost the environment since the schedule was read is not refused for its name", async () => {
  const schedule = await create();
  const { id } = cast.environment;
  const session = env.DB.withSession();
  const batch = async (statements: D1PreparedStatement[]) => {
    await env.DB.prepare("delete from members where env_id = ?1 and user_id = ?2")
      .bind(id, cast.owner.id)
      .run();
    return session.batch(statements);
  };
  const DB = intercept(env.DB, { withSession: () => intercept(session, { batch }) });
  const { headers } = cast.owner;
  const reply = await requestIn({ DB }, "PUT", `/api/schedules/${schedule.id}`, {
    headers,
    json: { notes: "x" },
  });
  await env.DB.prepare("insert into members (env_id, user_id, role, created_at) values (?1, ?2, 'member', 1)")
    .bind(id, cast.owner.id)
    .run();
  expectRefusal(reply, 404, "Schedule not found");
});

describe("PUT /api/schedules/{id}", () => {
  const put = (id: number, json: object) => cast.owner.put<Schedule>(`/api/schedules/${id}`, json);

  it("changes what is sent, and takes the default for null", async () => {
    const made = await create({
      log: "both",
      minDuration: 5,
      keepLast: 3,
      timeZone: "Asia/Tokyo",
      notes: "n",
    });
    const { body } = await put(made.id, { rrule: "FREQ=DAILY;BYHOUR=1", keepLast: null, compare: true });
    expect(body).toMatchObject({ cron: null, rrule: "FREQ=DAILY;BYHOUR=1", keepLast: null, compare: true });
    expect(body).toMatchObject({
      log: "both",
      minDuration: 5,
      timeZone: "Asia/Tokyo",
      notes: "n",
      duration: 600,
    });
    const reset = {
      timeZone: null,
      log: null,
      minDuration: null,
      notes: null,
      captureName: null,
      labels: null,
    };
    expect((await put(made.id, { ...reset, cron: "1 1 * * *" })).body).toMatchObject({
      ...{ cron: "1 1 * * *", rrule: null, timeZone: "UTC", log: "general", minDuration: null, notes: null },
      ...{ captureName: "{schedule} {date} {time}", labels: {} },
    });
  });

  it.each([
    [{}, "name: is required, unless something else is to be changed"],
    [{ cron: "x" }, /^cron: must have five fields/],
    [{ rrule: "FREQ=DAILY" }, "rrule: BYHOUR is needed with FREQ=DAILY, unless there is a start"],
    [{ cron: "* * * * *", rrule: "FREQ=HOURLY" }, "rrule: can't be there with cron: a schedule has one rule"],
    [{ cron: "0 0 31 4 *" }, "cron, rrule: has no occurrence in the next five years"],
    [{ cron: null }, "cron: is required, unless there is an rrule"],
    [{ cron: null, rrule: null }, "cron: is required, unless there is an rrule"],
    [{ timeZone: "x" }, /^timeZone: /],
    [{ duration: null }, "duration: is required: the captures of a schedule end by themselves"],
    [{ duration: 1 }, "Duration must be at least 60 seconds"],
    [{ duration: 1e7 }, "duration: must be at most 2678400 seconds (31 days)"],
    [{ minDuration: 3 }, "minDuration: is of the slow log: log must be slow or both"],
    [{ envId: 2, notes: "x" }, "envId: not known here"],
  ] as [object, string | RegExp][])("refuses %o, and changes nothing", async (changes, message) => {
    const made = await create();
    const before = await readSchedule(cast.owner, made);
    expectRefusal(await put(made.id, changes), 400, message);
    expect(await readSchedule(cast.owner, made)).toEqual(before);
  });

  it("refuses another's name, and leaves the waiting capture as it is", async () => {
    const [one, other] = [await create(), await create()];
    const waiting = await capturesOf(cast.owner, one);
    const message = "Schedule with the same name already exists in this environment";
    expectRefusal(await put(one.id, { name: other.name, duration: 900 }), 400, message);
    expect(await capturesOf(cast.owner, one)).toEqual(waiting);
    expect((await put(one.id, { name: one.name })).status).toBe(200);
  });
});
