import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { archiveRetryDelay, fail } from "../../src/captures/lifecycle.ts";
import {
  type ArchiveHeader,
  aggregate,
  archivable,
  archiveKey,
  decodeArchive,
  emptyColumns,
  encodeArchive,
  fillColumn,
  slicesOf,
} from "../../src/captures/metrics-archive.ts";
import { METRICS, type Metric } from "../../src/captures/metrics-schema.ts";
import type { CaptureRunner } from "../../src/captures/runner.ts";
import { moveCapture } from "../../src/captures/runner-store.ts";
import type { Capture } from "../../src/captures/schema.ts";
import {
  type Cast,
  createApiKey,
  createCapture,
  createCast,
  createEnvironment,
  type LogLine,
  linesOf,
  type Person,
  personWith,
  type Reply,
  runnerOf,
} from "../support/api.ts";
import { daily, everyMinute } from "../support/cron.ts";
import { runAlarm, travel, until } from "../support/time.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A capture that has ended is due six minutes later. */
const SETTLED = 7 * MINUTE;

let cast: Cast;
let envId: number;
/** The admin, by a key that outlives all travels. */
let admin: Person;

beforeAll(async () => {
  cast = await createCast();
  const { key } = await createApiKey(cast.admin);
  admin = personWith(cast.admin.id, cast.admin.email, { "x-api-key": key });
});

// Of its own for each test: time passes in them, and would go back for the next.
beforeEach(async () => {
  cast = { ...cast, ...(await createEnvironment(admin)) };
  envId = cast.environment.id;
});
afterEach(() => vi.restoreAllMocks());
/** A capture that lasted for a while until an hour ago, and is DONE. */
async function doneCapture(lastedMs = HOUR, env = envId): Promise<Capture> {
  const start = Math.floor(Date.now() / HOUR) * HOUR - HOUR - lastedMs;
  const capture = await createCapture(admin, {
    envId: env,
    start: new Date(start).toISOString(),
    duration: lastedMs / 1000,
  });
  return until(admin, capture, "DONE");
}

interface Row {
  status: string;
  due_at: number | null;
  metrics_archived_at: number | null;
}
const rowOf = ({ id }: Capture) =>
  env.DB.prepare("select status, due_at, metrics_archived_at from captures where id = ?1")
    .bind(id)
    .first<Row>() as Promise<Row>;
const isArchived = async (capture: Capture) => (await rowOf(capture)).metrics_archived_at !== null;
const alarmOf = (capture: Capture) =>
  runInDurableObject(runnerOf(capture), (_, { storage }) => storage.getAlarm()) as Promise<number | null>;
const leftIn = (capture: Capture) =>
  runInDurableObject(runnerOf(capture), (_, { storage }) => [...storage.kv.list()].length);

/** Lets the time of the archive come. */
async function settle(capture: Capture): Promise<void> {
  await travel(cast.aws, SETTLED);
  await runAlarm(capture);
}

const metricsOf = ({ id }: Capture, query = ""): Promise<Reply<Metric[]>> =>
  admin.get<Metric[]>(`/api/captures/${id}/metrics${query}`);
const source = ({ headers: sent }: Reply) => sent.get("x-metrics-source");
const calls = async () => (await cast.aws.requests()).filter(({ action }) => action === "GetMetricData");

/** What is logged of one event while something runs. */
async function logged(event: string, run: () => Promise<unknown>): Promise<LogLine[]> {
  return (await linesOf(run)).filter((line) => line.event === event);
}

describe("a capture that has ended", () => {
  it("is archived some minutes later, and answered from there as CloudWatch said it, without a call of AWS", async () => {
    const capture = await doneCapture();
    const live = await metricsOf(capture);
    expect(source(live)).toBe("cloudwatch");
    expect(live.body[0]?.dataPoints).toHaveLength(60);
    await runAlarm(capture);
    expect(await isArchived(capture)).toBe(false);
    await settle(capture);
    expect(await rowOf(capture)).toMatchObject({ due_at: null, metrics_archived_at: expect.any(Number) });
    await cast.aws.clearRequests();
    const stored = await metricsOf(capture);
    expect(stored.body).toEqual(live.body);
    expect(source(stored)).toBe("archive");
    expect(stored.headers.get("x-metrics-period")).toBe("60");
    expect(stored.headers.get("x-metrics-incomplete")).toBeNull();
    expect(await cast.aws.requests()).toEqual([]);
  });

  it("leaves nothing behind in its Durable Object, and stores gzipped JSON that any tool reads", async () => {
    const capture = await doneCapture();
    await settle(capture);
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
    const capture = await doneCapture();
    await settle(capture);
    const before = await metricsOf(capture);
    await travel(cast.aws, 1000 * DAY);
    await cast.aws.clearRequests();
    const after = await metricsOf(capture);
    expect(after.status).toBe(200);
    expect(after.body).toEqual(before.body);
    expect(after.body[0]?.dataPoints).toHaveLength(60);
    expect(await calls()).toEqual([]);
  });

  it("is answered although its environment is pointed at another instance, or its key is refused", async () => {
    const { environment } = await createEnvironment(admin, { aws: cast.aws });
    const capture = await doneCapture(HOUR, environment.id);
    const { body } = await metricsOf(capture);
    const changed = await admin.put(`/api/environments/${environment.id}`, { instance: "demo-mariadb" });
    expect(changed.status).toBe(200);
    // Not archived yet: what is stored is what was recorded.
    await settle(capture);
    await cast.aws.fault({ kind: "deny" });
    expect(await metricsOf(capture)).toMatchObject({ status: 200, body });
  });

  it("shows the types and periods that are asked for, the maximum of each period", async () => {
    const capture = await doneCapture();
    await settle(capture);
    const [whole] = (await metricsOf(capture, "?type=ReadIOPS")).body as [Metric];
    const reply = await metricsOf(capture, "?type=burst%20balance&type=read%20iops&period=900");
    expect(reply.body.map(({ type }) => type)).toEqual(["READ IOPS", "BURST BALANCE"]);
    expect(reply.headers.get("x-metrics-period")).toBe("900");
    const quarters = [0, 15, 30, 45].map((from) => {
      const points = whole.dataPoints.slice(from, from + 15);
      return { ...points[0], Maximum: Math.max(...points.map(({ Maximum }) => Maximum)) };
    });
    expect(reply.body[0]?.dataPoints).toEqual(quarters);
    expect(await metricsOf(capture, "?period=90")).toMatchObject({ status: 400 });
    expect(await metricsOf(capture, "?type=LOAD")).toMatchObject({ status: 400 });
  });

  it("is archived in the smallest period that CloudWatch has, and says which others there are", async () => {
    const start = Math.floor(Date.now() / DAY) * DAY - 20 * DAY;
    const capture = await createCapture(admin, {
      envId,
      start: new Date(start).toISOString(),
      duration: 6 * 86_400,
    });
    await until(admin, capture, "DONE");
    const live = await metricsOf(capture);
    await settle(capture);
    await cast.aws.clearRequests();
    const stored = await metricsOf(capture);
    // 1,728 points of five minutes: ten minutes by default.
    expect(stored.headers.get("x-metrics-period")).toBe("600");
    expect(stored.body).toEqual(live.body);
    expect((await metricsOf(capture, "?period=300&type=CPUUtilization")).body[0]?.dataPoints).toHaveLength(
      1728,
    );
    expect(await metricsOf(capture, "?period=60")).toMatchObject({
      status: 400,
      body: { message: "period: this capture's metrics are stored in multiples of 300 seconds only" },
    });
    expect(await calls()).toEqual([]);
  });

  it("is archived as far as it ran when it failed, and not at all when it never ran", async () => {
    const running = await until(admin, await createCapture(admin, { envId }), "RUNNING");
    await env.DB.prepare("update captures set started_at = ?2 where id = ?1")
      .bind(running.id, Date.now() - HOUR)
      .run();
    const row = { id: running.id, scheduledStart: null, scheduledEnd: null };
    await moveCapture(env.DB, row, fail("RUNNING", "Broken"), "cleanup", Date.now());
    await runInDurableObject(runnerOf(running), (runner: CaptureRunner) =>
      runner.wake(running.id, Date.now()),
    );
    await settle(running);
    await expect.poll(() => isArchived(running)).toBe(true);
    const { body } = await admin.get<Capture>(`/api/captures/${running.id}`);
    expect(body).toMatchObject({ status: "FAILED", end: expect.any(String) });
    const stored = await metricsOf(running);
    expect(source(stored)).toBe("archive");
    expect(stored.body[0]?.dataPoints.length).toBeGreaterThanOrEqual(60);

    const scheduledStart = new Date(Date.now() + MINUTE).toISOString();
    const failed = await createCapture(admin, { envId, scheduledStart });
    await cast.aws.patchInstance(cast.aws.instance, { status: "stopped" });
    await travel(cast.aws, 2 * MINUTE);
    await until(admin, failed, "FAILED");
    await cast.aws.patchInstance(cast.aws.instance, { status: "available" });
    expect(await rowOf(failed)).toMatchObject({ due_at: null, metrics_archived_at: null });
    await cast.aws.clearRequests();
    expect((await metricsOf(failed)).body[0]?.dataPoints).toEqual([]);
    expect(await calls()).toEqual([]);
  });
});

describe("when archiving fails", () => {
  it("it is tried again with growing pauses, and CloudWatch answers meanwhile", async () => {
    const capture = await doneCapture();
    await cast.aws.fault({ kind: "throttle", action: "GetMetricData", times: 3 });
    const pauses: number[] = [];
    await travel(cast.aws, SETTLED);
    for (let attempt = 0; attempt < 3; attempt++) {
      const [line] = await logged("capture.metrics.retry", () => runAlarm(capture));
      expect(line).toMatchObject({ attempt: attempt + 1, reason: expect.stringContaining("throttling") });
      const pause = ((await alarmOf(capture)) as number) - Date.now();
      pauses.push(pause);
      expect(await isArchived(capture)).toBe(false);
      await travel(cast.aws, pause + 1);
    }
    expect(source(await metricsOf(capture))).toBe("cloudwatch");
    await runAlarm(capture);
    expect(source(await metricsOf(capture))).toBe("archive");
    expect(pauses[0]).toBeGreaterThan(2 * MINUTE);
    expect(pauses[2]).toBeGreaterThan(9 * MINUTE);
    expect([1, 2, 3, 20].map((attempt) => archiveRetryDelay(attempt, 1))).toEqual([
      5 * MINUTE,
      10 * MINUTE,
      20 * MINUTE,
      DAY,
    ]);
  });

  it("is not hurried by cron, nor by an alarm that comes too soon", async () => {
    const capture = await doneCapture();
    await cast.aws.fault({ kind: "unavailable", action: "GetMetricData" });
    await settle(capture);
    await cast.aws.clearRequests();
    await travel(cast.aws, 2 * MINUTE);
    await everyMinute();
    await runAlarm(capture);
    expect(await calls()).toEqual([]);
    expect(await alarmOf(capture)).toBeGreaterThan(Date.now());
  });

  it("nothing is stored of a capture of which a part could not be read", async () => {
    const capture = await doneCapture(3 * DAY);
    await travel(cast.aws, SETTLED);
    await cast.aws.setPageSize(null);
    await cast.aws.clearRequests();
    let asked = 0;
    const fetch = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (...sent) => {
      const isMetrics = (sent[0] as Request).headers?.get("x-amz-target")?.endsWith("GetMetricData");
      return isMetrics && ++asked === 3 ? new Response("{}", { status: 500 }) : fetch(...sent);
    });
    await runAlarm(capture);
    expect(asked).toBe(3);
    expect(await env.BUCKET.head(archiveKey(capture.id))).toBeNull();
    vi.restoreAllMocks();
    await travel(cast.aws, 6 * MINUTE);
    await runAlarm(capture);
    expect(await isArchived(capture)).toBe(true);
  });

  it("is given up once CloudWatch has forgotten all, which the log and the reply say", async () => {
    const capture = await doneCapture();
    await cast.aws.fault({ kind: "deny", action: "GetMetricData" });
    await settle(capture);
    await travel(cast.aws, 460 * DAY);
    const [line] = await logged("capture.metrics.dropped", () => runAlarm(capture));
    expect(line).toMatchObject({ captureId: capture.id, reason: "CloudWatch has forgotten all of it" });
    expect(await rowOf(capture)).toMatchObject({ due_at: null, metrics_archived_at: null });
    expect([await leftIn(capture), await alarmOf(capture)]).toEqual([0, null]);
    const reply = await metricsOf(capture);
    expect(reply.body[0]?.dataPoints).toEqual([]);
    expect(reply.headers.get("x-metrics-incomplete")).toBe("CloudWatch has forgotten all of it");
  });

  it("waits for points that are not there yet, and after a day stores what there is and says what is missing", async () => {
    const capture = await doneCapture();
    await env.DB.prepare("update captures set instance = 'gone' where id = ?1").bind(capture.id).run();
    await travel(cast.aws, SETTLED);
    const [line] = await logged("capture.metrics.retry", () => runAlarm(capture));
    expect(line?.reason).toBe("CloudWatch has no points of it yet");
    await travel(cast.aws, DAY);
    await runAlarm(capture);
    const reply = await metricsOf(capture);
    expect([source(reply), reply.headers.get("x-metrics-incomplete")]).toEqual([
      "archive",
      "CloudWatch has no points of it",
    ]);
    expect(reply.body.map(({ dataPoints }) => dataPoints)).toEqual(METRICS.map(() => []));
  });
});

/** Where an attempt can be cut off: the statement or call that never comes back, before or after it did its work. */
const MOMENTS: [string, "claim" | "put" | "finish", "before" | "after"][] = [
  ["before it is claimed", "claim", "before"],
  ["before AWS is asked", "claim", "after"],
  ["before the object is stored", "put", "before"],
  ["before the row says that it is stored", "put", "after"],
  ["while the row is told that it is stored", "finish", "before"],
  ["before the object clears itself", "finish", "after"],
];

describe("a crash", () => {
  it.each(MOMENTS)(
    "%s leaves an alarm behind, and the metrics are archived all the same",
    async (_, what, when) => {
      const capture = await doneCapture();
      const { body } = await metricsOf(capture);
      await travel(cast.aws, SETTLED);
      let isThere = false;
      const hang = async <T>(work: () => Promise<T>): Promise<T> => {
        if (when === "after") await work();
        isThere = true;
        return new Promise<T>(() => undefined);
      };
      await runInDurableObject(runnerOf(capture), (runner: CaptureRunner) => {
        // biome-ignore lint/complexity/useLiteralKeys: the object's own bindings, which are protected
        const own = runner["env"];
        const put = own.BUCKET.put.bind(own.BUCKET);
        const prepare = own.DB.prepare.bind(own.DB);
        if (what === "put") {
          const hung = (...sent: Parameters<typeof put>) => hang(async () => put(...sent));
          vi.spyOn(own.BUCKET, "put").mockImplementation(hung as typeof own.BUCKET.put);
        }
        const mark = { claim: "set due_at = ?3", finish: "set metrics_archived_at", put: "-" }[what];
        vi.spyOn(own.DB, "prepare").mockImplementation((sql) => {
          const statement = prepare(sql);
          if (!sql.includes(mark)) return statement;
          const bind = statement.bind.bind(statement);
          statement.bind = (...values) => {
            const bound = bind(...values);
            const run = bound.run.bind(bound);
            bound.run = <T>() => hang(() => run<T>());
            return bound;
          };
          return statement;
        });
      });
      const cut = runAlarm(capture).catch(() => undefined);
      // Looked for, not told: an object that is aborted from within brings workerd down.
      await expect.poll(() => isThere).toBe(true);
      await abortAllDurableObjects();
      await cut;
      vi.restoreAllMocks();
      expect(await alarmOf(capture)).not.toBeNull();
      for (let i = 0; i < 3; i++) {
        await travel(cast.aws, 6 * MINUTE);
        await runAlarm(capture);
      }
      expect(await rowOf(capture)).toMatchObject({ due_at: null, metrics_archived_at: expect.any(Number) });
      expect([await leftIn(capture), await alarmOf(capture)]).toEqual([0, null]);
      const stored = await metricsOf(capture);
      expect([source(stored), stored.body]).toEqual(["archive", body]);
    },
  );

  it("that loses the alarm and all that the object knew is mended by cron", async () => {
    const capture = await doneCapture();
    await runInDurableObject(runnerOf(capture), (_, { storage }) => storage.deleteAll());
    await everyMinute();
    expect(await alarmOf(capture)).toBeNull();
    await travel(cast.aws, SETTLED);
    await everyMinute();
    await runAlarm(capture);
    await expect.poll(() => isArchived(capture)).toBe(true);
    expect((await rowOf(capture)).due_at).toBeNull();
  });

  it("is no reason for cron to fail a capture that is DONE, however often it has woken it", async () => {
    const capture = await doneCapture();
    await env.DB.prepare("update captures set rearmed = 1000, due_at = 1 where id = ?1")
      .bind(capture.id)
      .run();
    expect(await everyMinute()).toMatchObject({ failed: 0, errors: 0 });
    await runAlarm(capture);
    await expect.poll(() => isArchived(capture)).toBe(true);
    expect((await rowOf(capture)).status).toBe("DONE");
  });

  it("is not needed for alarms that come twice at once: AWS is asked once", async () => {
    const capture = await doneCapture();
    await travel(cast.aws, SETTLED);
    await cast.aws.clearRequests();
    const deliver = () => runInDurableObject(runnerOf(capture), (runner: CaptureRunner) => runner.alarm());
    await Promise.all([deliver(), deliver(), deliver()]);
    expect(await calls()).toHaveLength(1);
    expect(await isArchived(capture)).toBe(true);
  });
});

describe("a capture that is deleted", () => {
  it("before it was archived is not archived, and that is said once", async () => {
    const capture = await doneCapture();
    await admin.delete(`/api/captures/${capture.id}`);
    await travel(cast.aws, SETTLED);
    await cast.aws.clearRequests();
    const lines = await logged("capture.metrics.dropped", () => runAlarm(capture));
    expect(lines).toMatchObject([{ captureId: capture.id, reason: "it was deleted" }]);
    expect([await calls(), await alarmOf(capture), (await rowOf(capture)).due_at]).toEqual([[], null, null]);
    expect(await env.BUCKET.head(archiveKey(capture.id))).toBeNull();
  });

  it("with its environment is not archived either", async () => {
    const { environment } = await createEnvironment(admin, { aws: cast.aws });
    const capture = await doneCapture(HOUR, environment.id);
    expect((await admin.delete(`/api/environments/${environment.id}`)).status).toBe(200);
    await travel(cast.aws, SETTLED);
    const lines = await logged("capture.metrics.dropped", () => runAlarm(capture));
    expect(lines).toMatchObject([{ reason: "its environment was deleted" }]);
    expect([await alarmOf(capture), (await rowOf(capture)).due_at]).toEqual([null, null]);
  });

  it("while it is being archived leaves no object behind, erased or not", async () => {
    const capture = await doneCapture();
    await travel(cast.aws, SETTLED);
    await cast.aws.fault({ kind: "delay", delayMs: 300, times: 1, action: "GetMetricData" });
    const alarm = runAlarm(capture);
    await scheduler.wait(100);
    await admin.delete(`/api/captures/${capture.id}`);
    await alarm;
    expect(await env.BUCKET.head(archiveKey(capture.id))).toBeNull();
    expect(await isArchived(capture)).toBe(false);
  });

  it("after it was archived is erased with its metrics", async () => {
    const capture = await doneCapture();
    await settle(capture);
    await admin.delete(`/api/captures/${capture.id}`);
    expect((await metricsOf(capture)).status).toBe(404);
    await travel(cast.aws, 31 * DAY);
    await daily();
    expect(await env.BUCKET.head(archiveKey(capture.id))).toBeNull();
    expect(await rowOf(capture)).toBeNull();
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
    const capture = await doneCapture();
    await settle(capture);
    const { body } = await metricsOf(capture);
    const key = archiveKey(capture.id);
    const bytes = new Uint8Array((await (await env.BUCKET.get(key))?.arrayBuffer()) as ArrayBuffer);
    const harmed = harm(bytes);
    await (harmed === null ? env.BUCKET.delete(key) : env.BUCKET.put(key, harmed));
    const fallback = await metricsOf(capture);
    expect([fallback.status, source(fallback), fallback.body]).toEqual([200, "cloudwatch", body]);
    await travel(cast.aws, 500 * DAY);
    const refusal = await metricsOf(capture);
    expect(refusal).toMatchObject({
      status: 500,
      body: { message: expect.stringMatching(/^The stored metrics of this capture can't be read/) },
    });
  });
});

describe("a large archive", () => {
  const start = Date.UTC(2026, 0, 1);
  const window = { start, end: start + 31 * DAY, period: 60 };
  const header: ArchiveHeader = { version: 1, captureId: 7, ...window, archivedAt: start, incomplete: null };

  it("of 31 days of minutes is written and read in seconds, one column at a time, and comes back to the bit", async () => {
    const columns = emptyColumns(window, METRICS.length);
    for (const column of columns) {
      fillColumn(
        column,
        window,
        Array.from(column, (_, i) => ({ time: start + i * MINUTE, value: Math.random() * 1e3 })),
      );
      column[17] = Number.NaN;
    }
    const began = performance.now();
    const bytes = await encodeArchive(header, columns);
    const written = performance.now();
    const decoded = await decodeArchive(streamOf(bytes), 7, [0, 15]);
    const read = performance.now();
    console.info(
      JSON.stringify({
        event: "test.archive",
        bytes: bytes.byteLength,
        write: written - began,
        read: read - written,
      }),
    );
    expect(decoded.header).toEqual(header);
    expect(decoded.columns).toEqual([columns[0], columns[15]]);
    expect(bytes.byteLength).toBeLessThan(10_000_000);
    expect(read - began).toBeLessThan(10_000);
    const hours = aggregate(columns[3] as Float64Array, window, 3600);
    expect(hours).toHaveLength(31 * 24);
    const [first] = hours;
    expect(first?.value).toBe(
      Math.max(...[...(columns[3] as Float64Array)].slice(0, 60).filter((v) => v >= 0)),
    );
  });

  it("is asked for in slices of at most 1,440 points, which are the whole window once", () => {
    const now = Date.UTC(2026, 10, 23, 12, 0, 30);
    for (const [days, period] of [
      [14, 60],
      [31, 300],
      [400, 3600],
      [2000, 3600],
    ] as const) {
      const able = archivable(
        {
          start: now - days * DAY,
          end: now - DAY,
          deletedAt: null,
          credentials: "sealed",
        },
        now,
      );
      if (!("window" in able)) throw new Error("It can be archived");
      expect(able.window.period).toBe(period);
      const slices = [...slicesOf(able.window)];
      expect(slices.length).toBeLessThanOrEqual(20);
      let at = able.window.start;
      for (const slice of slices) {
        expect(slice.start).toBe(at);
        expect((slice.end - slice.start) / (period * 1000)).toBeLessThanOrEqual(1440);
        at = slice.end;
      }
      expect(at).toBe(able.window.end);
    }
  });

  it("of a capture of 14 days is stored whole by one alarm", async () => {
    const capture = await doneCapture(14 * DAY);
    await travel(cast.aws, SETTLED);
    await cast.aws.clearRequests();
    const [line] = await logged("capture.metrics.archived", () => runAlarm(capture));
    expect(line).toMatchObject({ period: 60, points: 14 * 1440 * METRICS.length, incomplete: null });
    expect(await calls()).toHaveLength(14);
    await cast.aws.clearRequests();
    const reply = await metricsOf(capture);
    // Not 840 seconds: at the edges those would be 1,441 points.
    expect(reply.headers.get("x-metrics-period")).toBe("900");
    expect(reply.body[15]?.dataPoints).toHaveLength(14 * 96);
    expect((await metricsOf(capture, "?period=60&type=ReadIOPS")).body[0]?.dataPoints).toHaveLength(
      14 * 1440,
    );
    expect(await metricsOf(capture, "?period=60")).toMatchObject({ status: 400 });
    expect(await calls()).toEqual([]);
  });

  it("waits for the end of the last period, however long that is", () => {
    const end = Date.UTC(2026, 10, 23, 12, 10);
    const capture = {
      start: end - 100 * DAY,
      end,
      deletedAt: null,
      credentials: "sealed",
    };
    const hourEnd = Date.UTC(2026, 10, 23, 13);
    expect(archivable(capture, end + 10 * MINUTE)).toEqual({ notBefore: hourEnd + 5 * MINUTE });
    expect(archivable(capture, hourEnd + 5 * MINUTE)).toMatchObject({
      window: { end: hourEnd, period: 3600 },
    });
  });
});

function streamOf(bytes: ArrayBuffer): ReadableStream<Uint8Array> {
  return new Response(bytes).body as ReadableStream<Uint8Array>;
}
