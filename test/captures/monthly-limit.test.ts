import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { noteRecorded } from "../../src/environments/recorded-bytes.ts";
import type { FullEnvironment } from "../../src/environments/replies.ts";
import { createCapture, createEnvironment, expectRefusal, requestIn } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { quietLogOf } from "../support/quiet-log.ts";
import { inFuture, runAlarm, travel, until } from "../support/time.ts";

const cast = castForEachTest();
const { write, workloadOf } = quietLogOf(cast);

const LIMIT = Number(env.MAX_MONTHLY_BYTES);
const REACHED = `Its environment has recorded as much as it may in a month, ${LIMIT} bytes`;
const DAY = 86_400_000;

let others = 0;
/** Lets another capture of the environment have recorded so much this month. */
const haveRecorded = (bytes: number, envId = cast.environment.id) => {
  const now = new Date();
  const month = Date.UTC(now.getUTCFullYear(), now.getUTCMonth());
  return env.DB.prepare("insert into recorded_bytes (capture_id, month, env_id, bytes) values (?, ?, ?, ?)")
    .bind(--others, month, envId, bytes)
    .run();
};

const recordedOf = async (envId = cast.environment.id) =>
  (await cast.member.get<FullEnvironment>(`/api/environments/${envId}`)).body.recorded;

const started = async (fields: object = {}) =>
  until(cast.owner, await createCapture(cast.owner, { envId: cast.environment.id, ...fields }), "RUNNING");

const ask = (fields: object = {}, bindings: Partial<Cloudflare.Env> = {}) =>
  requestIn<Capture>(bindings, "POST", "/api/captures", {
    json: { name: crypto.randomUUID(), envId: cast.environment.id, ...fields },
    headers: cast.owner.headers,
  });

const statements = (count: number) => Array.from({ length: count }, (_, i) => `SELECT ${i}`);

describe("an environment that has recorded as much as it may in a month", () => {
  it("has its running capture end as DONE, with the reason, and no new one", async () => {
    const capture = await started();
    await haveRecorded(LIMIT - 1000);
    await write(...statements(100));
    const done = await until(cast.owner, capture, "DONE");
    expect(done.reason).toBe(`${REACHED}, and it was ended early`);
    expect((await recordedOf()).bytes).toBe(LIMIT - 1000 + (await workloadOf(capture)).bytes);
    expectRefusal(
      await ask(),
      409,
      `Environment has recorded as much as it may in a month, ${LIMIT} bytes: schedule the capture for the next month, or ask whoever runs this service for more`,
    );
  });

  it("has a scheduled capture fail at its start, with the reason", async () => {
    const capture = await createCapture(cast.owner, {
      envId: cast.environment.id,
      scheduledStart: inFuture(60_000),
      duration: 3600,
    });
    // In this month and, should that end within the minute, in the next one.
    await haveRecorded(LIMIT);
    await travel(cast.aws, 61_000);
    if (new Date().getUTCDate() === 1) await haveRecorded(LIMIT);
    await runAlarm(capture);
    expect((await until(cast.owner, capture, "FAILED")).reason).toBe(REACHED);
  });

  it("can have a capture that begins in the next month", async () => {
    await haveRecorded(LIMIT);
    expectRefusal(await ask(), 409, /^Environment has recorded as much as it may/);
    expect((await ask({ scheduledStart: inFuture(32 * DAY) })).status).toBe(200);
  });

  it("does not limit another", async () => {
    await haveRecorded(LIMIT);
    const { environment } = await createEnvironment(cast.owner);
    expect((await ask({ envId: environment.id })).status).toBe(200);
    expect((await recordedOf()).bytes).toBe(LIMIT);
  });

  it("answers a repeated request as before", async () => {
    const key = { "idempotency-key": crypto.randomUUID() };
    const send = () =>
      requestIn({}, "POST", "/api/captures", {
        json: { name: "once", envId: cast.environment.id },
        headers: { ...cast.owner.headers, ...key },
      });
    const made = await send();
    await haveRecorded(LIMIT);
    expect(await send()).toMatchObject({ status: 200, body: made.body });
  });

  it("says first that a name is taken, as the specification does", async () => {
    const capture = await createCapture(cast.owner, {
      envId: cast.environment.id,
      scheduledStart: inFuture(DAY),
    });
    await haveRecorded(LIMIT);
    expectRefusal(await ask({ name: capture.name }), 400, /^Capture with the same name already exists/);
  });

  it("begins anew with the month", async () => {
    await haveRecorded(LIMIT);
    await env.DB.prepare("update recorded_bytes set month = month - 1 where env_id = ?")
      .bind(cast.environment.id)
      .run();
    expect((await ask()).status).toBe(200);
    expect((await recordedOf()).bytes).toBe(0);
  });
});

describe("what a capture has recorded", () => {
  it("counts for its environment once it has ended, also when it is deleted", async () => {
    const capture = await started();
    await write(...statements(20));
    await runAlarm(capture);
    await cast.owner.post(`/api/captures/${capture.id}/stop`);
    await until(cast.owner, capture, "DONE");
    const { bytes } = await workloadOf(capture);
    expect(bytes).toBeGreaterThan(1000);
    await cast.owner.delete(`/api/captures/${capture.id}`);
    expect(await recordedOf()).toEqual({
      since: expect.stringMatching(/^\d{4}-\d\d-01T00:00:00\.000Z$/),
      bytes,
      maxBytes: LIMIT,
    });
  });

  it("counts for the month in which it was recorded, however often it is noted", async () => {
    const { id } = await createCapture(cast.owner, {
      envId: cast.environment.id,
      scheduledStart: inFuture(DAY),
    });
    await env.DB.prepare(
      "insert into recorded_bytes (capture_id, month, env_id, bytes) values (?, 0, ?, 300)",
    )
      .bind(id, cast.environment.id)
      .run();
    for (const total of [500, 1000, 1000]) await noteRecorded(env.DB, id, total);
    expect((await recordedOf()).bytes).toBe(700);
  });
});

it("a limit that is no number refuses new captures instead of allowing any", async () => {
  expect((await ask({}, { MAX_MONTHLY_BYTES: "" })).status).toBe(500);
});
