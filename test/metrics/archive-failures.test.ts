import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { archiveRetryDelay } from "../../src/captures/retry.ts";
import type { CaptureRunner } from "../../src/captures/runner.ts";
import { archiveKey } from "../../src/metrics/archive-format.ts";
import { METRICS } from "../../src/metrics/cloudwatch-metrics.ts";
import { bindingsOf, runnerOf, signUpWithKey } from "../support/api.ts";
import { everyMinute } from "../support/cron.ts";
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
import { alarmOf, runAlarm, travel } from "../support/time.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

const own = environmentForEachTest(signUpWithKey);
const captures = new EndedCaptures(own);

afterEach(() => vi.restoreAllMocks());

describe("archiving that fails", () => {
  it("is retried with growing pauses, and CloudWatch answers meanwhile", async () => {
    const capture = await captures.create();
    await own.aws.fault({ kind: "throttle", action: "GetMetricData", times: 3 });
    const pauses: number[] = [];
    await travel(own.aws, SETTLED);
    for (let attempt = 0; attempt < 3; attempt++) {
      const [line] = await logged("capture.metrics.retry", () => runAlarm(capture));
      expect(line).toMatchObject({ attempt: attempt + 1, reason: expect.stringContaining("throttling") });
      const pause = ((await alarmOf(capture)) as number) - Date.now();
      pauses.push(pause);
      expect(await isArchived(capture)).toBe(false);
      await travel(own.aws, pause + 1);
    }
    expect(sourceOf(await captures.metricsOf(capture))).toBe("cloudwatch");
    await runAlarm(capture);
    expect(sourceOf(await captures.metricsOf(capture))).toBe("archive");
    expect(pauses[0]).toBeGreaterThan(2 * MINUTE);
    expect(pauses[2]).toBeGreaterThan(9 * MINUTE);
    expect([1, 2, 3, 20].map((attempt) => archiveRetryDelay(attempt, 1))).toEqual([
      5 * MINUTE,
      10 * MINUTE,
      20 * MINUTE,
      DAY,
    ]);
  });

  it("is not retried earlier because of cron or an early alarm", async () => {
    const capture = await captures.create();
    await own.aws.fault({ kind: "unavailable", action: "GetMetricData" });
    await captures.settle(capture);
    await own.aws.clearRequests();
    await travel(own.aws, 2 * MINUTE);
    await everyMinute();
    await runAlarm(capture);
    expect(await captures.calls()).toEqual([]);
    expect(await alarmOf(capture)).toBeGreaterThan(Date.now());
  });

  it("stores nothing when a part could not be read", async () => {
    const capture = await captures.create(3 * DAY);
    await travel(own.aws, SETTLED);
    await own.aws.setPageSize(null);
    await own.aws.clearRequests();
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
    await travel(own.aws, 6 * MINUTE);
    await runAlarm(capture);
    expect(await isArchived(capture)).toBe(true);
  });

  it("is retried no more once CloudWatch has forgotten all, which the log and the reply say", async () => {
    const capture = await captures.create();
    await own.aws.fault({ kind: "deny", action: "GetMetricData" });
    await captures.settle(capture);
    await travel(own.aws, 460 * DAY);
    const [line] = await logged("capture.metrics.dropped", () => runAlarm(capture));
    expect(line).toMatchObject({ captureId: capture.id, reason: "CloudWatch has forgotten all of it" });
    expect(await rowOf(capture)).toMatchObject({ due_at: null, metrics_archived_at: null });
    expect([await leftIn(capture), await alarmOf(capture)]).toEqual([0, null]);
    const reply = await captures.metricsOf(capture);
    expect(reply.body[0]?.dataPoints).toEqual([]);
    expect(reply.headers.get("x-metrics-incomplete")).toBe("CloudWatch has forgotten all of it");
  });

  it("waits for points that are not there yet, and after a day stores what there is and says what is missing", async () => {
    const capture = await captures.create();
    await env.DB.prepare("update captures set instance = 'gone' where id = ?1").bind(capture.id).run();
    await travel(own.aws, SETTLED);
    const [line] = await logged("capture.metrics.retry", () => runAlarm(capture));
    expect(line?.reason).toBe("CloudWatch has no points of it yet");
    await travel(own.aws, DAY);
    await runAlarm(capture);
    const reply = await captures.metricsOf(capture);
    expect([sourceOf(reply), reply.headers.get("x-metrics-incomplete")]).toEqual([
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
      const capture = await captures.create();
      const { body } = await captures.metricsOf(capture);
      await travel(own.aws, SETTLED);
      let isThere = false;
      const hang = async <T>(work: () => Promise<T>): Promise<T> => {
        if (when === "after") await work();
        isThere = true;
        return new Promise<T>(() => undefined);
      };
      await runInDurableObject(runnerOf(capture), (runner: CaptureRunner) => {
        const { BUCKET, DB } = bindingsOf(runner);
        const put = BUCKET.put.bind(BUCKET);
        const prepare = DB.prepare.bind(DB);
        if (what === "put") {
          const hung = (...sent: Parameters<typeof put>) => hang(async () => put(...sent));
          vi.spyOn(BUCKET, "put").mockImplementation(hung as typeof BUCKET.put);
        }
        const mark = { claim: "and due_at =", finish: "set metrics_archived_at", put: "-" }[what];
        vi.spyOn(DB, "prepare").mockImplementation((sql) => {
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
      // Polled from outside: an object that is aborted from within crashes workerd.
      await expect.poll(() => isThere).toBe(true);
      await abortAllDurableObjects();
      await cut;
      vi.restoreAllMocks();
      expect(await alarmOf(capture)).not.toBeNull();
      for (let i = 0; i < 3; i++) {
        await travel(own.aws, 6 * MINUTE);
        await runAlarm(capture);
      }
      expect(await rowOf(capture)).toMatchObject({ due_at: null, metrics_archived_at: expect.any(Number) });
      expect([await leftIn(capture), await alarmOf(capture)]).toEqual([0, null]);
      const stored = await captures.metricsOf(capture);
      expect([sourceOf(stored), stored.body]).toEqual(["archive", body]);
    },
  );

  it("that loses the alarm and the object's storage is recovered from by cron", async () => {
    const capture = await captures.create();
    await runInDurableObject(runnerOf(capture), (_, { storage }) => storage.deleteAll());
    await everyMinute();
    expect(await alarmOf(capture)).toBeNull();
    await travel(own.aws, SETTLED);
    await everyMinute();
    await runAlarm(capture);
    await expect.poll(() => isArchived(capture)).toBe(true);
    expect((await rowOf(capture)).due_at).toBeNull();
  });

  it("is no reason for cron to fail a capture that is DONE, however often it has woken it", async () => {
    const capture = await captures.create();
    await env.DB.prepare("update captures set rearmed = 1000, due_at = 1 where id = ?1")
      .bind(capture.id)
      .run();
    expect(await everyMinute()).toMatchObject({ failed: 0, errors: 0 });
    await runAlarm(capture);
    await expect.poll(() => isArchived(capture)).toBe(true);
    expect((await rowOf(capture)).status).toBe("DONE");
  });

  it("is not needed for alarms that come twice at once: AWS is asked once", async () => {
    const capture = await captures.create();
    await travel(own.aws, SETTLED);
    await own.aws.clearRequests();
    const deliver = () => runInDurableObject(runnerOf(capture), (runner: CaptureRunner) => runner.alarm());
    await Promise.all([deliver(), deliver(), deliver()]);
    expect(await captures.calls()).toHaveLength(1);
    expect(await isArchived(capture)).toBe(true);
  });
});
