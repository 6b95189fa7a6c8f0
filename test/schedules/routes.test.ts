import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Occurrences, Schedule } from "../../src/schedules/replies.ts";
import {
  addMember,
  type Cast,
  createCast,
  createEnvironment,
  expectRefusal,
  request,
  requestIn,
} from "../support/api.ts";
import { counting } from "../support/counting.ts";
import { capturesOf, createSchedule, NIGHTLY, readSchedule } from "./support.ts";

let cast: Cast;
beforeAll(async () => {
  cast = await createCast();
});

const envId = () => cast.environment.id;
const create = (fields: object = {}) => createSchedule(cast.owner, { envId: envId(), ...fields });
const post = (fields: object, headers: Record<string, string> = {}) =>
  request<Schedule>("POST", "/api/schedules", {
    json: { name: crypto.randomUUID(), envId: envId(), ...NIGHTLY, ...fields },
    headers: { ...cast.owner.headers, ...headers },
  });

describe("POST /api/schedules", () => {
  it("makes a schedule with defaults, and shows it", async () => {
    const made = await create({ name: " nightly " });
    expect(made).toMatchObject({
      name: "nightly",
      envId: envId(),
      owner: { id: cast.owner.id, name: "Owner" },
      cron: "30 2 * * *",
      rrule: null,
      timeZone: "UTC",
      captureName: "{schedule} {date} {time}",
      duration: 600,
      log: "general",
      minDuration: null,
      redact: "secrets",
      maxBytes: null,
      labels: {},
      notes: null,
      compare: false,
      keepLast: null,
      pausedAt: null,
      problem: null,
    });
    expect(made.next).toHaveLength(5);
    expect(
      made.next.every((time) => time.slice(11) === "02:30:00.000Z" && Date.parse(time) > Date.now()),
    ).toBe(true);
    const shown = await readSchedule(cast.member, made);
    expect(shown).toEqual({ ...made, captures: 1 });
    await cast.owner.delete(`/api/schedules/${made.id}`);
  });

  it("has a capture wait for the next occurrence, with all that the schedule says of it", async () => {
    const made = await create({
      name: "orders",
      rrule: "freq=daily;byhour=3",
      cron: undefined,
      timeZone: "Europe/Vienna",
      captureName: "{schedule} no. {number}",
      log: "slow",
      minDuration: 1.5,
      redact: "literals",
      maxBytes: 1_000_000,
      labels: { team: "orders" },
      notes: "by night",
      compare: true,
      keepLast: 3,
    });
    expect(made).toMatchObject({ rrule: "FREQ=DAILY;BYHOUR=3", cron: null, minDuration: 1.5, keepLast: 3 });
    const [waiting, ...others] = await capturesOf(cast.member, made);
    expect(others).toEqual([]);
    expect(waiting).toMatchObject({
      name: "orders no. 1",
      status: "SCHEDULED",
      scheduledStart: made.next[0],
    });
    const full = await cast.member.get(`/api/captures/${waiting?.id}?view=full`);
    expect(full.body).toMatchObject({
      owner: { id: cast.owner.id },
      duration: 600,
      log: "slow",
      minDuration: 1.5,
      redact: "literals",
      maxBytes: 1_000_000,
      labels: { team: "orders" },
      notes: "by night",
      schedule: { id: made.id, name: "orders", base: null },
    });
    const events = await cast.member.get(`/api/captures/${waiting?.id}/events`);
    expect(events.body).toMatchObject([{ from: null, to: "SCHEDULED", actor: { type: "schedule" } }]);
  });

  it.each([
    [{ cron: undefined }, "cron: is required, unless there is an rrule"],
    [{ rrule: "FREQ=HOURLY" }, "rrule: can't be there with cron: a schedule has one rule"],
    [{ cron: "0 0 30 2 *" }, "cron, rrule: has no occurrence in the next five years"],
    [{ cron: "0 0 * *" }, /^cron: must have five fields/],
    [
      { cron: undefined, rrule: "FREQ=DAILY" },
      "rrule: BYHOUR is needed with FREQ=DAILY, unless there is a start",
    ],
    [
      { timeZone: "Vienna" },
      'timeZone: must be a name of the IANA time zone database, such as "Europe/Vienna"',
    ],
    [{ duration: undefined }, "duration: is required: the captures of a schedule end by themselves"],
    [{ duration: null }, "duration: is required: the captures of a schedule end by themselves"],
    [{ duration: 59 }, "Duration must be at least 60 seconds"],
    [{ duration: 2_678_401 }, "duration: must be at most 2678400 seconds (31 days)"],
    [{ duration: 60.5 }, "duration: must be a whole number of seconds"],
    [{ minDuration: 1 }, "minDuration: is of the slow log: log must be slow or both"],
    [{ captureName: "{day}" }, /^captureName: must have no other placeholders than \{schedule\}, /],
    [{ captureName: " " }, "captureName: must not be empty"],
    [{ keepLast: 0 }, "keepLast: must be an integer from 1 to 1000"],
    [{ keepLast: 1.5 }, "keepLast: must be an integer from 1 to 1000"],
    [{ labels: { "a:b": "c" } }, /^labels: has a key that is not possible/],
    [{ scheduledStart: "2027-01-01" }, "scheduledStart: not known here"],
    [{ cron: `${"1,".repeat(300)}1 * * * *` }, "cron: must be at most 500 characters long"],
  ] as [object, string | RegExp][])("refuses %o", async (fields, message) => {
    expectRefusal(await post(fields), 400, message);
  });

  it("tells what is wrong to those who are signed in only", async () => {
    expectRefusal(await post({ cron: "no" }, { cookie: "" }), 401, "Login required");
  });

  it("refuses a name that another schedule of the environment has, until that is deleted", async () => {
    const { id } = await create({ name: "taken" });
    const message = "Schedule with the same name already exists in this environment";
    expectRefusal(await post({ name: "taken" }), 400, message);
    await cast.owner.delete(`/api/schedules/${id}`);
    expect((await post({ name: "taken" })).status).toBe(200);
  });

  it("makes one schedule of a request that is repeated with its key", async () => {
    const key = { "idempotency-key": crypto.randomUUID() };
    const fields = { name: crypto.randomUUID() };
    const [first, second] = await Promise.all([post(fields, key), post(fields, key)]);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body.id).toBe(first.body.id);
    await cast.owner.put(`/api/schedules/${first.body.id}`, { notes: "changed" });
    const third = await post(fields, key);
    expect(third.body).toEqual(first.body);
    expect(third.headers.get("idempotent-replayed")).toBe("true");
    expect(await capturesOf(cast.owner, first.body)).toHaveLength(1);
    expectRefusal(
      await post({ ...fields, duration: 700 }, key),
      422,
      /^Idempotency-Key: was sent with another body/,
    );
  });

  it("refuses a key that is none", async () => {
    const refused = await post({}, { "idempotency-key": "x".repeat(256) });
    expectRefusal(refused, 400, /^Idempotency-Key: must be one string of 1 to 255 characters/);
  });

  it("answers a repeated request of somebody who has left as to everybody else", async () => {
    const { environment } = await createEnvironment(cast.admin, { aws: cast.aws });
    await addMember(cast.admin, environment.id, cast.stranger);
    const json = { name: "left", envId: environment.id, ...NIGHTLY };
    const headers = { ...cast.stranger.headers, "idempotency-key": crypto.randomUUID() };
    expect((await request("POST", "/api/schedules", { json, headers })).status).toBe(200);
    await cast.stranger.delete(`/api/environments/${environment.id}/members/${cast.stranger.id}`);
    expectRefusal(
      await request("POST", "/api/schedules", { json, headers }),
      404,
      "Environment does not exist",
    );
  });

  it("refuses more schedules than an environment may have", async () => {
    const { environment } = await createEnvironment(cast.owner, { aws: cast.aws });
    const { id } = await createSchedule(cast.owner, { envId: environment.id });
    await env.DB.prepare(
      `insert into schedules (env_id, owner_id, name, cron, time_zone, capture_name, duration, redact, log, min_duration_micros, labels,
         compares, created_at, updated_at, paused_at)
       select env_id, owner_id, 'copy ' || value, cron, time_zone, capture_name, duration, redact, log, min_duration_micros, labels,
         compares, created_at, updated_at, 1 from schedules s, json_each(?2) where s.id = ?1`,
    )
      .bind(id, JSON.stringify(Array.from({ length: 99 }, (_, i) => i)))
      .run();
    const reply = await post({ envId: environment.id });
    expectRefusal(
      reply,
      409,
      "Environment has 100 schedules, which is the most it may have: delete one first",
    );
  });
});

describe("GET /api/schedules", () => {
  it("lists those of an environment, or of all of the caller's, a page at a time", async () => {
    const { environment } = await createEnvironment(cast.stranger, { aws: cast.aws });
    const made = [];
    for (let i = 0; i < 3; i++) made.push(await createSchedule(cast.stranger, { envId: environment.id }));
    const ids = (schedules: Schedule[]) => schedules.map(({ id }) => id);
    const all = await cast.stranger.get<Schedule[]>("/api/schedules");
    expect(ids(all.body)).toEqual(ids(made));
    expect(all.headers.get("link")).toBeNull();
    const first = await cast.stranger.get<Schedule[]>(`/api/schedules?envId=${environment.id}&limit=2`);
    expect(ids(first.body)).toEqual(ids(made.slice(0, 2)));
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get("link") ?? "")?.[1] as string;
    const second = await cast.stranger.get<Schedule[]>(next.replace("http://captures.test", ""));
    expect(ids(second.body)).toEqual(ids(made.slice(2)));
    expectRefusal(
      await cast.owner.get(`/api/schedules?envId=${environment.id}`),
      404,
      "Environment does not exist",
    );
    expect(ids((await cast.owner.get<Schedule[]>("/api/schedules")).body)).not.toContain(made[0]?.id);
  });

  it("answers 304 as long as nothing has changed", async () => {
    const { environment } = await createEnvironment(cast.owner, { aws: cast.aws });
    const made = await createSchedule(cast.owner, { envId: environment.id });
    const path = `/api/schedules?envId=${environment.id}`;
    const { headers } = await cast.owner.get(path);
    const again = () =>
      request("GET", path, {
        headers: { ...cast.owner.headers, "if-none-match": headers.get("etag") as string },
      });
    expect((await again()).status).toBe(304);
    await cast.owner.put(`/api/schedules/${made.id}`, { notes: "x" });
    expect((await again()).status).toBe(200);
  });

  it.each(["limit=0", "limit=101", "limit=x", "cursor=0", "state=done", "label=x"])(
    "refuses %s",
    async (query) => {
      expect((await cast.owner.get(`/api/schedules?${query}`)).status).toBe(400);
    },
  );
});

describe("occurrences", () => {
  it("of a rule are shown before there is a schedule", async () => {
    const query = new URLSearchParams({ cron: "0 0 1 1 *", timeZone: "Europe/Vienna", limit: "2" });
    const { status, body } = await cast.stranger.get<Occurrences>(`/api/schedules/occurrences?${query}`);
    expect(status).toBe(200);
    expect(body.timeZone).toBe("Europe/Vienna");
    expect(body.occurrences.map((time) => time.slice(4))).toEqual(Array(2).fill("-12-31T23:00:00.000Z"));
  });

  it.each([
    ["", "cron: is required, unless there is an rrule"],
    ["cron=x", /^cron: must have five fields/],
    ["rrule=x", /^rrule: must be parts/],
    ["cron=*+*+*+*+*&rrule=FREQ%3DHOURLY", "rrule: can't be there with cron: a schedule has one rule"],
    ["cron=*+*+*+*+*&timeZone=x", /^timeZone: must be a name/],
    ["cron=*+*+*+*+*&limit=1000", "limit: must be an integer from 1 to 100"],
  ] as [string, string | RegExp][])("of a rule that can't be are refused (%s)", async (query, message) => {
    expectRefusal(await cast.owner.get(`/api/schedules/occurrences?${query}`), 400, message);
    expectRefusal(await request("GET", `/api/schedules/occurrences?${query}`), 401, "Login required");
  });

  it("of a schedule are five, or as many as are asked for; none while it is paused", async () => {
    const { id, next } = await create();
    const path = `/api/schedules/${id}/occurrences`;
    expect((await cast.member.get<Occurrences>(path)).body).toEqual({ occurrences: next, timeZone: "UTC" });
    expect((await cast.member.get<Occurrences>(`${path}?limit=40`)).body.occurrences).toHaveLength(40);
    await cast.owner.post(`/api/schedules/${id}/pause`);
    expect((await cast.member.get<Occurrences>(path)).body.occurrences).toEqual([]);
  });
});

describe("the history of a schedule", () => {
  it("says who did what", async () => {
    const { id } = await create();
    await cast.admin.put(`/api/schedules/${id}`, { notes: "x" });
    await cast.owner.post(`/api/schedules/${id}/pause`);
    // Nothing happens the second time.
    await cast.owner.post(`/api/schedules/${id}/pause`);
    await cast.admin.post(`/api/schedules/${id}/resume`);
    await cast.admin.post(`/api/schedules/${id}/resume`);
    const path = `/api/schedules/${id}/events`;
    const { body } = await cast.member.get<{ what: string; actor: { name: string } }[]>(path);
    expect(body.map(({ what, actor }) => [what, actor.name])).toEqual([
      ["created", "Owner"],
      ["changed", "Admin"],
      ["paused", "Owner"],
      ["resumed", "Admin"],
    ]);
    expectRefusal(await cast.stranger.get(path), 404, "Schedule not found");
    await cast.owner.delete(`/api/schedules/${id}`);
    expectRefusal(await cast.owner.get(path), 404, "Schedule not found");
  });
});

it("a reader's permission, the caller and the data are one round trip", async () => {
  const { id } = await create();
  const paths = [
    "",
    `?envId=${envId()}`,
    "?state=active&name=a&search=b",
    `/${id}`,
    `/${id}/occurrences`,
    `/${id}/events`,
    "/occurrences?cron=0+0+*+*+*",
  ];
  for (const path of paths) {
    const { env: counted, cost } = counting(env);
    const reply = await requestIn(counted, "GET", `/api/schedules${path}`, { headers: cast.member.headers });
    expect([path, reply.status, cost.d1, cost.objects]).toEqual([path, 200, 1, 0]);
  }
  for (const path of [...paths.slice(1, 2), ...paths.slice(3, 6)]) {
    const reply = await cast.stranger.get(`/api/schedules${path}`);
    expect([path, reply.status]).toEqual([path, 404]);
  }
});
