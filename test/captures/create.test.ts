import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { type Cast, createCapture, createCast, createEnvironment } from "../support/api.ts";

let cast: Cast;
let envId: number;

beforeAll(async () => {
  cast = await createCast();
  envId = cast.environment.id;
});

const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

describe("POST /api/captures", () => {
  it("answers with exactly the ten fields of the specification", async () => {
    const { status, body } = await cast.member.post<Capture>("/api/captures", { name: "ten fields", envId });
    expect(status).toBe(200);
    expect(body).toEqual({
      id: expect.any(Number),
      name: "ten fields",
      start: null,
      scheduledStart: null,
      scheduledEnd: null,
      end: null,
      status: "STARTED",
      envId,
      type: "CAPTURE",
      reason: null,
    });
  });

  it("takes the specification's sample body as it stands", async () => {
    const { status, body } = await cast.member.post<Capture>("/api/captures", {
      name: "myCapture",
      start: "2018-05-19 12:00:00",
      end: null,
      envId,
      scheduledStart: null,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ start: "2018-05-19T12:00:00.000Z", status: "STARTED", end: null });
  });

  it.each([
    ["2018-05-19T22:06:53.000Z", "2018-05-19T22:06:53.000Z"],
    ["2018-05-19 12:00:00", "2018-05-19T12:00:00.000Z"],
    ["2018-05-19T12:00:00", "2018-05-19T12:00:00.000Z"],
    ["2018-05-19T14:30:00+02:30", "2018-05-19T12:00:00.000Z"],
    ["2018-05-19T14:30+0230", "2018-05-19T12:00:00.000Z"],
    ["2018-05-19", "2018-05-19T00:00:00.000Z"],
    ["2020-02-29T23:59:59.9Z", "2020-02-29T23:59:59.900Z"],
  ])("reads the start %s as %s", async (start, expected) => {
    const capture = await createCapture(cast.member, { envId, start });
    expect(capture.start).toBe(expected);
  });

  it.each([
    "yesterday",
    "2018-02-30T00:00:00Z",
    "2019-02-29",
    "2018-05-19T25:00:00Z",
    "2018-13-01",
    "19.05.2018",
    "",
    "1527000000",
  ])("refuses the start %j and says how a time looks", async (start) => {
    const { status, body } = await cast.member.post("/api/captures", { name: "bad time", envId, start });
    expect(status).toBe(400);
    expect(body).toEqual({
      code: 400,
      message: 'start: must be a time such as "2026-05-19T22:06:53Z" or "2026-05-19 22:06:53"',
    });
  });

  it.each(["SCHEDULED", "scheduled", "Scheduled"])(
    "takes the status in any letter case: %s",
    async (status) => {
      const capture = await createCapture(cast.member, {
        envId,
        status,
        scheduledStart: inHours(1),
        duration: 120,
      });
      expect(capture.status).toBe("SCHEDULED");
      expect(Date.parse(capture.scheduledEnd ?? "") - Date.parse(capture.scheduledStart ?? "")).toBe(120_000);
    },
  );

  it("schedules when there is a scheduled start and no status", async () => {
    expect((await createCapture(cast.member, { envId, scheduledStart: inHours(1) })).status).toBe(
      "SCHEDULED",
    );
  });

  it("starts at once with the status STARTING too", async () => {
    expect((await createCapture(cast.member, { envId, status: "starting" })).status).toBe("STARTING");
  });

  it("counts null as absent in every optional field", async () => {
    const nulls = { status: null, start: null, scheduledStart: null, duration: null, end: null };
    expect((await createCapture(cast.member, { envId, ...nulls })).status).toBe("STARTED");
  });

  it.each([
    [
      "a second capture of the same name",
      { name: "ten fields" },
      "Capture with the same name already exists in this environment",
    ],
    [
      "the same name with space around it",
      { name: "  ten fields " },
      "Capture with the same name already exists in this environment",
    ],
    ["a duration of 59", { duration: 59 }, "Duration must be at least 60 seconds"],
    ["a duration of 0", { duration: 0 }, "Duration must be at least 60 seconds"],
    ["SCHEDULED without a time", { status: "SCHEDULED" }, "Cannot schedule without a schedule start time"],
    [
      "a duration above 31 days",
      { duration: 2_678_401 },
      "duration: must be at most 2678400 seconds (31 days)",
    ],
    ["half a second", { duration: 60.5 }, "duration: must be a whole number of seconds"],
    ["a fraction under a minute", { duration: 59.9 }, "Duration must be at least 60 seconds"],
    ["less than a second", { duration: 0.5 }, "Duration must be at least 60 seconds"],
    ["a negative fraction", { duration: -0.1 }, "Duration must be at least 60 seconds"],
    [
      "a fraction over a month",
      { duration: 2_678_400.5 },
      "duration: must be at most 2678400 seconds (31 days)",
    ],
    [
      "far more than a number is exact to",
      { duration: 1e300 },
      "duration: must be at most 2678400 seconds (31 days)",
    ],
    ["a duration in words", { duration: "60" }, "duration: must be a number"],
    [
      "a state that captures come to",
      { status: "RUNNING" },
      "status: must be one of SCHEDULED, STARTED, STARTING",
    ],
    ["a start in the future", { start: inHours(1) }, "start: is in the future; use scheduledStart"],
    ["a scheduled start in the past", { scheduledStart: inHours(-1) }, "scheduledStart: is in the past"],
    [
      "a scheduled start in two years",
      { scheduledStart: inHours(17_520) },
      "scheduledStart: is more than a year ahead",
    ],
    [
      "a start besides a scheduled start",
      { start: inHours(-1), scheduledStart: inHours(1) },
      "start: a scheduled capture can't have started already",
    ],
    [
      "a scheduled start of a capture that is to start at once",
      { status: "STARTING", scheduledStart: inHours(1) },
      "scheduledStart: a capture with a scheduled start has the status SCHEDULED, not STARTING",
    ],
    ["no name", { name: undefined }, "name: is required"],
    ["a blank name", { name: " \t " }, "name: must not be empty"],
    ["a name of 101 characters", { name: "é".repeat(101) }, "name: must be at most 100 characters long"],
    ["a name with a line break", { name: "a\nb" }, "name: must not contain control characters"],
    ["an end", { end: inHours(1) }, "end: is set when the capture ends; give a duration instead"],
    ["a mistyped field", { scheduleStart: inHours(1) }, "scheduleStart: not known here"],
    ["an envId in words", { envId: "1" }, "envId: must be a number"],
    ["an envId of zero", { envId: 0 }, "envId: must be a positive integer"],
    [
      "several mistakes at once",
      { name: 5, duration: true },
      "name: must be a string; duration: must be a number",
    ],
  ])("refuses %s", async (_, fields, message) => {
    const { status, body } = await cast.member.post("/api/captures", { name: "refused", envId, ...fields });
    expect(body).toEqual({ code: 400, message });
    expect(status).toBe(400);
  });

  it("takes a name of 100 characters, in any script", async () => {
    const name = "😀".repeat(100);
    expect((await createCapture(cast.member, { envId, name: ` ${name} ` })).name).toBe(name);
  });

  it("lets two environments have captures of one name", async () => {
    const other = await createEnvironment(cast.admin, { name: "staging" });
    const { status } = await cast.admin.post("/api/captures", {
      name: "ten fields",
      envId: other.environment.id,
    });
    expect(status).toBe(200);
  });

  it("answers the same for an unknown environment and for one that is not the caller's", async () => {
    const unknown = await cast.admin.post("/api/captures", { name: "x", envId: 999_999 });
    const foreign = await cast.stranger.post("/api/captures", { name: "x", envId });
    expect(unknown).toMatchObject({
      status: 404,
      body: { code: 404, message: "Environment does not exist" },
    });
    expect(foreign.body).toEqual(unknown.body);
  });

  it("does not tell a stranger that a name is taken", async () => {
    const { status } = await cast.stranger.post("/api/captures", { name: "ten fields", envId });
    expect(status).toBe(404);
  });

  it("makes one of two captures that are asked for with one name at once", async () => {
    const asked = { name: "at once", envId, scheduledStart: inHours(1) };
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, i) => (i % 2 ? cast.owner : cast.member).post("/api/captures", asked)),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(400)]);
    const rows = await env.DB.prepare("select count(*) as n from captures where name = 'at once'").first("n");
    expect(rows).toBe(1);
  });

  it("writes the first event of a capture's history, and none for one that is refused", async () => {
    const before = await env.DB.prepare("select count(*) as n from capture_events").first<number>("n");
    const capture = await createCapture(cast.owner, { envId, scheduledStart: inHours(1) });
    await cast.owner.post("/api/captures", { name: capture.name, envId });
    await cast.stranger.post("/api/captures", { name: "another", envId });
    const { body } = await cast.owner.get(`/api/captures/${capture.id}/events`);
    expect(body).toEqual([
      {
        time: expect.any(String),
        from: null,
        to: "SCHEDULED",
        actor: { type: "user", id: cast.owner.id, name: "Owner" },
        reason: null,
      },
    ]);
    expect(await env.DB.prepare("select count(*) as n from capture_events").first("n")).toBe(
      (before ?? 0) + 1,
    );
  });
});

describe("which log a capture is of", () => {
  const stored = (id: number) =>
    env.DB.prepare("select log, min_duration_micros as micros from captures where id = ?1").bind(id).first();

  it.each([
    [{}, "general", 0],
    [{ log: "general" }, "general", 0],
    [{ log: null, minDuration: null }, "general", 0],
    [{ log: "slow" }, "slow", 0],
    [{ log: "slow", minDuration: 0 }, "slow", 0],
    [{ log: "slow", minDuration: 0.001 }, "slow", 1],
    [{ log: "both", minDuration: 250.5 }, "both", 250_500],
    [{ log: "both", minDuration: 3_600_000 }, "both", 3_600_000_000],
  ])("is asked for with %j", async (fields, log, micros) => {
    const capture = await createCapture(cast.member, { envId, scheduledStart: inHours(1), ...fields });
    expect(await stored(capture.id)).toEqual({ log, micros });
    const { body } = await cast.member.get(`/api/captures/${capture.id}/workload`);
    expect(body).toMatchObject({ log, minDuration: log === "general" ? null : micros / 1000 });
  });

  const MS = "minDuration: must be milliseconds from 0 to 3600000, with at most three decimals";
  it.each([
    [{ log: "error" }, "log: must be one of general, slow, both"],
    [{ log: "SLOW" }, "log: must be one of general, slow, both"],
    [{ log: 1 }, "log: must be one of general, slow, both"],
    [{ log: "slow", minDuration: -1 }, MS],
    [{ log: "slow", minDuration: 3_600_000.001 }, MS],
    [{ log: "slow", minDuration: 0.0001 }, MS],
    [{ log: "slow", minDuration: "5" }, "minDuration: must be a number"],
    [{ minDuration: 5 }, "minDuration: is of the slow log: log must be slow or both"],
    [{ log: "general", minDuration: 0 }, "minDuration: is of the slow log: log must be slow or both"],
  ])("is refused with %j", async (fields, message) => {
    const { status, body } = await cast.member.post("/api/captures", { name: "no log", envId, ...fields });
    expect([status, body]).toEqual([400, { code: 400, message }]);
  });
});
