import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { fail } from "../../src/captures/lifecycle.ts";
import type { Capture } from "../../src/captures/replies.ts";
import type { CaptureRunner } from "../../src/captures/runner.ts";
import { makeTransition } from "../../src/captures/runner-store.ts";
import { archiveKey } from "../../src/metrics/archive-format.ts";
import { METRICS } from "../../src/metrics/cloudwatch-metrics.ts";
import type { Metric } from "../../src/metrics/replies.ts";
import { createCapture, createEnvironment, runnerOf, signUpWithKey } from "../support/api.ts";
import { daily } from "../support/cron.ts";
import { environmentForEachTest } from "../support/each-test.ts";
import {
  EndedCaptures,
  isArchived,
  leftIn,
  logged,
  rowOf,
  SETTLED,
  sourceOf,
} from "../support/ended-captures.ts";
import { alarmOf, runAlarm, travel, until } from "../support/time.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

const own = environmentForEachTest(signUpWithKey);
const captures = new EndedCaptures(own);

describe("a capture that has ended", () => {
  it("is archived some minutes later, and then answered from the archive, with the same points and no call to AWS", async () => {
    const capture = await captures.create();
    const live = await captures.metricsOf(capture);
    expect(sourceOf(live)).toBe("cloudwatch");
    expect(live.body[0]?.dataPoints).toHaveLength(60);
    await runAlarm(capture);
    expect(await isArchived(capture)).toBe(false);
    await captures.settle(capture);
    expect(await rowOf(capture)).toMatchObject({ due_at: null, metrics_archived_at: expect.any(Number) });
    await own.aws.clearRequests();
    const stored = await captures.metricsOf(capture);
    expect(stored.body).toEqual(live.body);
    expect(sourceOf(stored)).toBe("archive");
    expect(stored.headers.get("x-metrics-period")).toBe("60");
    expect(stored.headers.get("x-metrics-incomplete")).toBeNull();
    expect(await own.aws.requests()).toEqual([]);
  });

  it("leaves nothing behind in its Durable Object, and stores gzipped JSON that any tool reads", async () => {
    const capture = await captures.create();
    await captures.settle(capture);
    expect([await leftIn(capture), await alarmOf(capture)]).toEqual([0, null]);
    const object = await env.BUCKET.get(archiveKey(capture.id));
    const text = await new Response(object?.body.pipeThrough(new DecompressionStream("gzip"))).json<
      unknown[]
    >();
    expect(text[0]).toMatchObject({ version: 1, captureId: capture.id, period: 60, incomplete: null });
    expect(text[1]).toMatchObject({ label: "CPUUtilization", values: expect.any(Array) });
    expect(text).toHaveLength(1 + METRICS.length);
  });

  it("is answered the same years later, when CloudWatch has forgotten all", async () => {
    const capture = await captures.create();
    await captures.settle(capture);
    const before = await captures.metricsOf(capture);
    await travel(own.aws, 1000 * DAY);
    await own.aws.clearRequests();
    const after = await captures.metricsOf(capture);
    expect(after.status).toBe(200);
    expect(after.body).toEqual(before.body);
    expect(after.body[0]?.dataPoints).toHaveLength(60);
    expect(await captures.calls()).toEqual([]);
  });

  it("is answered although its environment is pointed at another instance, or its key is refused", async () => {
    const { environment } = await createEnvironment(own.admin, { aws: own.aws });
    const capture = await captures.create(HOUR, environment.id);
    const { body } = await captures.metricsOf(capture);
    const changed = await own.admin.put(`/api/environments/${environment.id}`, {
      instance: "demo-mariadb",
      credentials: own.aws.credentials,
    });
    expect(changed.status).toBe(200);
    // Not archived yet: what is stored is what was recorded.
    await captures.settle(capture);
    await own.aws.fault({ kind: "deny" });
    expect(await captures.metricsOf(capture)).toMatchObject({ status: 200, body });
  });

  it("shows the types and periods that are asked for, the maximum of each period", async () => {
    const capture = await captures.create();
    await captures.settle(capture);
    const [whole] = (await captures.metricsOf(capture, "?type=ReadIOPS")).body as [Metric];
    const reply = await captures.metricsOf(capture, "?type=burst%20balance&type=read%20iops&period=900");
    expect(reply.body.map(({ type }) => type)).toEqual(["READ IOPS", "BURST BALANCE"]);
    expect(reply.headers.get("x-metrics-period")).toBe("900");
    const quarters = [0, 15, 30, 45].map((from) => {
      const points = whole.dataPoints.slice(from, from + 15);
      return { ...points[0], Maximum: Math.max(...points.map(({ Maximum }) => Maximum)) };
    });
    expect(reply.body[0]?.dataPoints).toEqual(quarters);
    expect(await captures.metricsOf(capture, "?period=90")).toMatchObject({ status: 400 });
    expect(await captures.metricsOf(capture, "?type=LOAD")).toMatchObject({ status: 400 });
  });

  it("is archived in the smallest period that CloudWatch has, and a refusal says which periods there are", async () => {
    const start = Math.floor(Date.now() / DAY) * DAY - 20 * DAY;
    const capture = await createCapture(own.admin, {
      envId: own.environment.id,
      start: new Date(start).toISOString(),
      duration: 6 * 86_400,
    });
    await until(own.admin, capture, "DONE");
    const live = await captures.metricsOf(capture);
    await captures.settle(capture);
    await own.aws.clearRequests();
    const stored = await captures.metricsOf(capture);
    // 1,728 points of five minutes: ten minutes by default.
    expect(stored.headers.get("x-metrics-period")).toBe("600");
    expect(stored.body).toEqual(live.body);
    expect(
      (await captures.metricsOf(capture, "?period=300&type=CPUUtilization")).body[0]?.dataPoints,
    ).toHaveLength(1728);
    expect(await captures.metricsOf(capture, "?period=60")).toMatchObject({
      status: 400,
      body: { message: "period: this capture's metrics are stored in multiples of 300 seconds only" },
    });
    expect(await captures.calls()).toEqual([]);
  });

  it("is archived as far as it ran when it failed, and not at all when it never ran", async () => {
    const running = await until(
      own.admin,
      await createCapture(own.admin, { envId: own.environment.id }),
      "RUNNING",
    );
    await env.DB.prepare("update captures set started_at = ?2 where id = ?1")
      .bind(running.id, Date.now() - HOUR)
      .run();
    const row = { id: running.id, scheduledStart: null, scheduledEnd: null };
    await makeTransition(env.DB, row, fail("RUNNING", "Broken"), "cleanup", Date.now());
    await runInDurableObject(runnerOf(running), (runner: CaptureRunner) =>
      runner.wake(running.id, Date.now()),
    );
    await captures.settle(running);
    await expect.poll(() => isArchived(running)).toBe(true);
    const { body } = await own.admin.get<Capture>(`/api/captures/${running.id}`);
    expect(body).toMatchObject({ status: "FAILED", end: expect.any(String) });
    const stored = await captures.metricsOf(running);
    expect(sourceOf(stored)).toBe("archive");
    expect(stored.body[0]?.dataPoints.length).toBeGreaterThanOrEqual(60);

    const scheduledStart = new Date(Date.now() + MINUTE).toISOString();
    const failed = await createCapture(own.admin, { envId: own.environment.id, scheduledStart });
    await own.aws.patchInstance(own.aws.instance, { status: "stopped" });
    await travel(own.aws, 2 * MINUTE);
    await until(own.admin, failed, "FAILED");
    await own.aws.patchInstance(own.aws.instance, { status: "available" });
    expect(await rowOf(failed)).toMatchObject({ due_at: null, metrics_archived_at: null });
    await own.aws.clearRequests();
    expect((await captures.metricsOf(failed)).body[0]?.dataPoints).toEqual([]);
    expect(await captures.calls()).toEqual([]);
  });
});

describe("a capture that is deleted", () => {
  it("before it was archived is not archived, which is logged once", async () => {
    const capture = await captures.create();
    await own.admin.delete(`/api/captures/${capture.id}`);
    await travel(own.aws, SETTLED);
    await own.aws.clearRequests();
    const lines = await logged("capture.metrics.dropped", () => runAlarm(capture));
    expect(lines).toMatchObject([{ captureId: capture.id, reason: "it was deleted" }]);
    expect([await captures.calls(), await alarmOf(capture), (await rowOf(capture)).due_at]).toEqual([
      [],
      null,
      null,
    ]);
    expect(await env.BUCKET.head(archiveKey(capture.id))).toBeNull();
  });

  it("with its environment is not archived either", async () => {
    const { environment } = await createEnvironment(own.admin, { aws: own.aws });
    const capture = await captures.create(HOUR, environment.id);
    expect((await own.admin.delete(`/api/environments/${environment.id}`)).status).toBe(200);
    await travel(own.aws, SETTLED);
    const lines = await logged("capture.metrics.dropped", () => runAlarm(capture));
    expect(lines).toMatchObject([{ reason: "its environment was deleted" }]);
    expect([await alarmOf(capture), (await rowOf(capture)).due_at]).toEqual([null, null]);
  });

  it("while it is being archived leaves no object behind, erased or not", async () => {
    const capture = await captures.create();
    await travel(own.aws, SETTLED);
    await own.aws.fault({ kind: "delay", delayMs: 300, times: 1, action: "GetMetricData" });
    const alarm = runAlarm(capture);
    await scheduler.wait(100);
    await own.admin.delete(`/api/captures/${capture.id}`);
    await alarm;
    expect(await env.BUCKET.head(archiveKey(capture.id))).toBeNull();
    expect(await isArchived(capture)).toBe(false);
  });

  it("after it was archived is erased with its metrics", async () => {
    const capture = await captures.create();
    await captures.settle(capture);
    await own.admin.delete(`/api/captures/${capture.id}`);
    expect((await captures.metricsOf(capture)).status).toBe(404);
    await travel(own.aws, 31 * DAY);
    await daily();
    expect(await env.BUCKET.head(archiveKey(capture.id))).toBeNull();
    expect(await rowOf(capture)).toBeNull();
  });
});

describe("metrics that were stored before the service knew of another", () => {
  it("are shown without it, and the reply says which is missing", async () => {
    const capture = await captures.create();
    await captures.settle(capture);
    const whole = await captures.metricsOf(capture);
    const key = archiveKey(capture.id);
    const stored = (await env.BUCKET.get(key)) as R2ObjectBody;
    const text = await new Response(stored.body.pipeThrough(new DecompressionStream("gzip"))).text();
    const lines = text.split("\n").filter((line) => !/"(ReadIOPS|DiskQueueDepth)"/.test(line));
    expect(lines).toHaveLength(text.split("\n").length - 2);
    const body = new Response(lines.join("\n")).body?.pipeThrough(new CompressionStream("gzip"));
    await env.BUCKET.put(key, await new Response(body).arrayBuffer());
    await own.aws.clearRequests();
    const reply = await captures.metricsOf(capture);
    const emptied = ["ReadIOPS", "DiskQueueDepth"];
    expect(reply.body).toEqual(
      whole.body.map((metric) => (emptied.includes(metric.label) ? { ...metric, dataPoints: [] } : metric)),
    );
    expect(sourceOf(reply)).toBe("archive");
    expect(reply.headers.get("x-metrics-incomplete")).toBe(
      "Not stored for this capture: READ IOPS, DISK QUEUE DEPTH",
    );
    const other = await captures.metricsOf(capture, "?type=WriteIOPS");
    expect(other.headers.get("x-metrics-incomplete")).toBeNull();
    expect(await own.aws.requests()).toEqual([]);
  });
});

describe("a stored object that can't be read", () => {
  const bad: [string, (bytes: Uint8Array) => Uint8Array | null][] = [
    ["is cut off", (bytes) => bytes.slice(0, bytes.length / 2)],
    [
      "is damaged",
      (bytes) => Uint8Array.from(bytes, (byte, at) => (at > 100 && at < 110 ? byte ^ 0xff : byte)),
    ],
    ["is something else", () => new TextEncoder().encode("not gzip")],
    ["is gone", () => null],
  ];

  it.each(bad)("because it %s is replaced by what CloudWatch has, or a clear refusal", async (_, harm) => {
    const capture = await captures.create();
    await captures.settle(capture);
    const { body } = await captures.metricsOf(capture);
    const key = archiveKey(capture.id);
    const bytes = new Uint8Array((await (await env.BUCKET.get(key))?.arrayBuffer()) as ArrayBuffer);
    const harmed = harm(bytes);
    await (harmed === null ? env.BUCKET.delete(key) : env.BUCKET.put(key, harmed));
    const fallback = await captures.metricsOf(capture);
    expect([fallback.status, sourceOf(fallback), fallback.body]).toEqual([200, "cloudwatch", body]);
    await travel(own.aws, 500 * DAY);
    const refusal = await captures.metricsOf(capture);
    expect(refusal).toMatchObject({
      status: 500,
      body: { message: expect.stringMatching(/^The stored metrics of this capture can't be read/) },
    });
  });
});
