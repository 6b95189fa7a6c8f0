import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createCapture, readCapture, runnerOf } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { alarmOf, inFuture, runAlarm, travel, until } from "../support/time.ts";
import { movesOf, WHOLE_LIFE } from "./support.ts";

const MINUTE = 60_000;

const cast = castForEachTest();

afterEach(() => vi.restoreAllMocks());

const create = (fields: object = {}) => createCapture(cast.owner, { envId: cast.environment.id, ...fields });

describe("starting", () => {
  it("runs a capture at once, with its start and an end that its duration counts from", async () => {
    const before = Date.now();
    const capture = await until(cast.owner, await create({ duration: 60 }), "RUNNING");
    const start = Date.parse(capture.start ?? "");
    expect(start).toBeGreaterThanOrEqual(before);
    expect(Date.parse(capture.scheduledEnd ?? "")).toBe(start + MINUTE);
    // It comes earlier to read the log.
    expect(await alarmOf(capture)).toBeLessThanOrEqual(start + MINUTE);
  });

  it("goes from one transition to the next by its own alarms", async () => {
    const capture = await create();
    await expect.poll(() => readCapture(cast.owner, capture)).toMatchObject({ status: "RUNNING" });
  });

  it("waits for the scheduled start, and then starts", async () => {
    const capture = await create({ scheduledStart: inFuture(60 * MINUTE), duration: 120 });
    expect(await alarmOf(capture)).toBe(Date.parse(capture.scheduledStart ?? ""));
    await runAlarm(capture);
    expect((await readCapture(cast.owner, capture)).status).toBe("SCHEDULED");
    await travel(cast.aws, 60 * MINUTE);
    const running = await until(cast.owner, capture, "RUNNING");
    expect(running.scheduledEnd).toBe(capture.scheduledEnd);
    expect(await movesOf(capture)).toEqual(["SCHEDULED", "STARTED", "STARTING", "RUNNING"]);
  });

  it("signs the check of the instance with the environment's key", async () => {
    await cast.aws.clearRequests();
    await until(cast.owner, await create(), "RUNNING");
    const calls = (await cast.aws.requests()).filter(({ action }) => action === "DescribeDBInstances");
    expect(calls.at(-1)).toMatchObject({ status: 200, accessKeyId: cast.aws.credentials.accessKeyId });
  });

  it("keeps a back-dated start, and ends a capture whose time has all passed", async () => {
    const start = inFuture(-60 * MINUTE);
    const capture = await create({ start, duration: 120 });
    const done = await until(cast.owner, capture, "DONE");
    expect(done).toMatchObject({ start, end: new Date(Date.parse(start) + 120_000).toISOString() });
  });

  it.each([
    ["the key is not known any more", "InvalidClientTokenId"],
    ["a policy forbids it", "AccessDenied"],
    ["the instance is gone", "DBInstanceNotFound"],
    ["the instance is stopped", "stopped"],
  ])("fails with a reason to act on when %s", async (_, word) => {
    const capture = await create({ scheduledStart: inFuture(MINUTE) });
    if (word === "InvalidClientTokenId") {
      vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
        queryError(403, word, "The security token is invalid"),
      );
    } else if (word === "AccessDenied") {
      await cast.aws.fault({ kind: "deny", action: "DescribeDBInstances" });
    } else if (word === "stopped") {
      await cast.aws.patchInstance(cast.aws.instance, { status: "stopped" });
    } else {
      await env.DB.prepare("update captures set instance = 'gone' where id = ?1").bind(capture.id).run();
    }
    await env.DB.prepare("update captures set scheduled_start = ?2 where id = ?1")
      .bind(capture.id, Date.now())
      .run();
    const failed = await until(cast.owner, capture, "FAILED");
    expect(failed.reason).toContain(word);
    expect(failed.reason).not.toContain(cast.aws.credentials.secretAccessKey);
    expect(
      (await cast.owner.get<{ reason: string }[]>(`/api/captures/${capture.id}/events`)).body.at(-1),
    ).toMatchObject({
      to: "FAILED",
      reason: failed.reason,
    });
    expect(await alarmOf(capture)).toBeNull();
  });

  it.each(["throttle", "server-error", "unavailable", "garbage", "reset", "hang"] as const)(
    "retries after %s, and runs when AWS has recovered",
    async (kind) => {
      await cast.aws.fault({ kind, action: "DescribeDBInstances", times: 1 });
      await cast.aws.clearRequests();
      const capture = await create();
      await until(cast.owner, capture, "RUNNING");
      const checks = (await cast.aws.requests()).filter(({ action }) => action === "DescribeDBInstances");
      expect(checks.slice(0, 2).map(({ fault }) => fault)).toEqual([kind, null]);
    },
  );

  it.each([
    ["RequestTimeTooSkewed", "The difference between the request time and the current time is too large."],
    ["RequestExpired", "Request has expired. Timestamp date is 2026-11-27T10:00:00Z"],
    ["SignatureDoesNotMatch", "Signature expired: 20261127T100000Z is now earlier than 20261127T101500Z"],
    [
      "InvalidSignatureException",
      "Signature not yet current: 20261128T100000Z is still later than 20261127T101500Z",
    ],
  ])("waits while AWS says that this service's clock is wrong, as %s", async (code, message) => {
    const capture = await create({ scheduledStart: inFuture(1000), duration: 60 });
    await travel(cast.aws, 1000);
    const aws = vi.spyOn(globalThis, "fetch").mockImplementation(async () => queryError(403, code, message));
    await runAlarm(capture);
    await expect.poll(() => readCapture(cast.owner, capture)).toMatchObject({ status: "STARTING" });
    aws.mockRestore();
    await until(cast.owner, capture, "RUNNING");
  });

  it("retries with growing pauses while AWS is down, and fails with the cause after ten minutes", async () => {
    await cast.aws.fault({ kind: "unavailable" });
    const capture = await create();
    const pauses: number[] = [];
    const began = Date.now();
    for (
      let attempt = 0;
      attempt < 40 && (await readCapture(cast.owner, capture)).status !== "FAILED";
      attempt++
    ) {
      await runAlarm(capture);
      const alarm = await alarmOf(capture);
      if (alarm === null) break;
      pauses.push(alarm - Date.now());
      await travel(cast.aws, Math.max(0, alarm - Date.now()));
    }
    const failed = await until(cast.owner, capture, "FAILED");
    expect(failed.reason).toMatch(/^Tried \d+ times to start\. AWS could not answer: /);
    expect(Date.now() - began).toBeGreaterThan(8 * MINUTE);
    expect(Date.now() - began).toBeLessThanOrEqual(10 * MINUTE + 5000);
    const longest = Math.max(...pauses);
    expect(longest).toBeGreaterThan(25_000);
    expect(longest).toBeLessThanOrEqual(MINUTE);
  });

  it("runs after AWS was down for minutes", async () => {
    await cast.aws.fault({ kind: "throttle" });
    const capture = await create();
    for (let minute = 0; minute < 4; minute++) {
      await runAlarm(capture);
      await travel(cast.aws, MINUTE);
    }
    expect((await readCapture(cast.owner, capture)).status).toBe("STARTING");
    await cast.aws.clearFaults();
    await until(cast.owner, capture, "RUNNING");
    expect(await movesOf(capture)).toEqual(["STARTED", "STARTING", "RUNNING"]);
  });

  it("waits for an instance that is coming up", async () => {
    await cast.aws.patchInstance(cast.aws.instance, { status: "rebooting" });
    const capture = await create();
    await until(cast.owner, capture, "STARTING");
    await cast.aws.patchInstance(cast.aws.instance, { status: "available" });
    await until(cast.owner, capture, "RUNNING");
  });

  it("says what kept a scheduled capture from starting until its time was over", async () => {
    await cast.aws.fault({ kind: "unavailable" });
    const scheduledStart = inFuture(1000);
    const capture = await create({ scheduledStart, duration: 60 });
    await travel(cast.aws, 1000);
    await runAlarm(capture);
    await travel(cast.aws, MINUTE);
    expect((await until(cast.owner, capture, "FAILED")).reason).toMatch(
      /^Its scheduled end passed before it could start\. AWS could not answer: /,
    );
  });

  it("sets the end of a back-dated capture that fails, since it has a start", async () => {
    await cast.aws.fault({ kind: "deny" });
    const start = inFuture(-60 * MINUTE);
    const failed = await until(cast.owner, await create({ start }), "FAILED");
    expect(failed.start).toBe(start);
    expect(Date.parse(failed.end ?? "")).toBeGreaterThan(Date.parse(start));
  });

  it("fails a scheduled capture whose whole time was missed", async () => {
    const capture = await create({ scheduledStart: inFuture(MINUTE), duration: 60 });
    await travel(cast.aws, 3 * MINUTE);
    expect((await until(cast.owner, capture, "FAILED")).reason).toBe(
      "Its scheduled end passed before it could start",
    );
  });
});

describe("ending", () => {
  it("ends at the scheduled end, to the millisecond, however late the alarm", async () => {
    const running = await until(cast.owner, await create({ duration: 60 }), "RUNNING");
    await travel(cast.aws, 5 * MINUTE);
    const done = await until(cast.owner, running, "DONE");
    expect(done).toEqual({ ...running, status: "DONE", end: running.scheduledEnd });
    expect(await movesOf(running)).toEqual(WHOLE_LIFE);
  });

  it("leaves nothing behind in the Durable Object once the metrics are stored", async () => {
    const capture = await until(cast.owner, await create(), "RUNNING");
    await cast.owner.post(`/api/captures/${capture.id}/stop`);
    await until(cast.owner, capture, "DONE");
    await travel(cast.aws, 7 * MINUTE);
    await runAlarm(capture);
    await expect
      .poll(() => runInDurableObject(runnerOf(capture), (_, { storage }) => [...storage.kv.list()].length))
      .toBe(0);
    expect(await alarmOf(capture)).toBeNull();
  });

  it("runs a capture without a duration until it is stopped", async () => {
    const capture = await until(cast.owner, await create(), "RUNNING");
    await travel(cast.aws, 3 * 24 * 60 * MINUTE);
    await runAlarm(capture);
    expect(await readCapture(cast.owner, capture)).toEqual(capture);
    // To read on in the log.
    expect(await alarmOf(capture)).toBeLessThanOrEqual(Date.now() + MINUTE);
  });
});

/** An error of AWS's Query protocol. */
function queryError(status: number, code: string, message: string): Response {
  const xml = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
  return new Response(xml, { status, headers: { "content-type": "text/xml" } });
}
