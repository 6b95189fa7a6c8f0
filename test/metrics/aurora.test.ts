import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import type { Environment } from "../../src/environments/replies.ts";
import { archiveKey } from "../../src/metrics/archive-format.ts";
import { ALL_METRICS, METRICS, metricAt, metricsOf } from "../../src/metrics/cloudwatch-metrics.ts";
import { metricUnit, metricValue } from "../local-aws/metric-values.ts";
import { createClusterAccount, type LocalAccount } from "../local-aws/test/client.ts";
import { type Cast, createEnvironment, type Person, signUpWithKey } from "../support/api.ts";
import { EndedCaptures, sourceOf } from "../support/ended-captures.ts";

/* The metrics of captures of Aurora instances, while CloudWatch has them and from the archive. */

const MINUTE = 60_000;

/** An environment of an instance of a cluster, and its captures. */
interface Member {
  aws: LocalAccount;
  environment: Environment;
  captures: EndedCaptures;
}

let admin: Person;
let aws: LocalAccount;
beforeAll(async () => {
  admin = await signUpWithKey("Admin");
});
beforeEach(async () => {
  aws = await createClusterAccount("shop", {
    members: [
      { identifier: "shop-1" },
      { identifier: "shop-2" },
      { identifier: "shop-3", instanceClass: "db.serverless" },
    ],
  });
});

async function memberOf(instance: string): Promise<Member> {
  const own = { ...aws, instance };
  const { environment } = await createEnvironment(admin, { aws: own, name: instance });
  return { aws: own, environment, captures: new EndedCaptures({ admin, environment, aws: own } as Cast) };
}

const AURORA = metricsOf("aurora").map(metricAt);

/** The metrics without a point, by CloudWatch's names. */
async function withoutPoints({ captures }: Member, capture: Capture): Promise<string[]> {
  const { body } = await captures.metricsOf(capture);
  return body.filter(({ dataPoints }) => dataPoints.length === 0).map(({ label }) => label);
}

describe("the metrics of an Aurora capture", () => {
  it("are those of the sixteen that Aurora has, and Aurora's own, in CloudWatch's units", () => {
    expect(AURORA.map(({ type }) => type)).toEqual([
      "CPU UTILIZATION",
      "READ IOPS",
      "WRITE IOPS",
      "FREEABLE MEMORY",
      "SWAP USAGE",
      "READ THROUGHPUT",
      "WRITE THROUGHPUT",
      "NETWORK RECEIVE THROUGHPUT",
      "NETWORK TRANSMIT THROUGHPUT",
      "READ LATENCY",
      "WRITE LATENCY",
      "DATABASE CONNECTIONS",
      "DISK QUEUE DEPTH",
      "QUERIES",
      "SELECT THROUGHPUT",
      "SELECT LATENCY",
      "DML THROUGHPUT",
      "DML LATENCY",
      "COMMIT THROUGHPUT",
      "COMMIT LATENCY",
      "BUFFER CACHE HIT RATIO",
      "BLOCKED TRANSACTIONS",
      "DEADLOCKS",
      "ROW LOCK TIME",
      "ROLLBACK SEGMENT HISTORY LIST LENGTH",
      "AURORA REPLICA LAG",
      "AURORA REPLICA LAG MAXIMUM",
      "FREE LOCAL STORAGE",
      "STORAGE NETWORK RECEIVE THROUGHPUT",
      "STORAGE NETWORK TRANSMIT THROUGHPUT",
      "SERVERLESS DATABASE CAPACITY",
      "ACU UTILIZATION",
    ]);
    expect(AURORA.map(({ label }) => metricUnit(label))).toEqual(AURORA.map(({ unit }) => unit));
    expect(ALL_METRICS.slice(0, METRICS.length)).toEqual(METRICS);
    expect(metricsOf("rds").map(metricAt)).toEqual(METRICS);
  });

  it("come as CloudWatch has them, and from the archive as the same", async () => {
    const reader = await memberOf("shop-2");
    const capture = await reader.captures.create(10 * MINUTE);
    const live = await reader.captures.metricsOf(capture);
    expect(sourceOf(live)).toBe("cloudwatch");
    expect(live.body.map(({ label, type, displayName }) => [label, type, displayName])).toEqual(
      AURORA.map(({ label, type }) => [label, type, type]),
    );
    const lag = live.body.find(({ label }) => label === "AuroraReplicaLag");
    expect(lag?.dataPoints).toHaveLength(10);
    for (const { Timestamp, Maximum, Unit } of lag?.dataPoints ?? []) {
      const minute = Date.parse(Timestamp) / MINUTE;
      expect(Maximum).toBeCloseTo(metricValue("shop-2", "AuroraReplicaLag", minute) as number, 9);
      expect(Unit).toBe("Milliseconds");
    }
    await reader.captures.settle(capture);
    const stored = await reader.captures.metricsOf(capture);
    expect(sourceOf(stored)).toBe("archive");
    expect(stored.body).toEqual(live.body);
    expect(stored.headers.get("x-metrics-incomplete")).toBeNull();
    const one = await reader.captures.metricsOf(capture, "?type=selectlatency&type=QUERIES&period=300");
    expect(one.body.map(({ type, dataPoints }) => [type, dataPoints.length])).toEqual([
      ["QUERIES", 2],
      ["SELECT LATENCY", 2],
    ]);
  });

  it("have no points where an instance has none: a writer, a reader and a serverless one differ", async () => {
    const [writer, reader, serverless] = [
      await memberOf("shop-1"),
      await memberOf("shop-2"),
      await memberOf("shop-3"),
    ];
    const serverlessOnly = ["ServerlessDatabaseCapacity", "ACUUtilization"];
    expect(await withoutPoints(writer, await writer.captures.create(MINUTE))).toEqual([
      "AuroraReplicaLag",
      ...serverlessOnly,
    ]);
    expect(await withoutPoints(reader, await reader.captures.create(MINUTE))).toEqual([
      "AuroraReplicaLagMaximum",
      ...serverlessOnly,
    ]);
    expect(await withoutPoints(serverless, await serverless.captures.create(MINUTE))).toEqual([
      "AuroraReplicaLagMaximum",
      "FreeLocalStorage",
    ]);
  });

  it("are not those of another engine, which is said", async () => {
    const writer = await memberOf("shop-1");
    const capture = await writer.captures.create(MINUTE);
    const refused = async (path: string) => {
      const { status, body } = await admin.get<{ message: string }>(path);
      return [status, body.message];
    };
    const expected = [
      400,
      expect.stringMatching(/^type: "FREE STORAGE" is not one of CPU UTILIZATION, .*, ACU UTILIZATION$/),
    ];
    expect(await refused(`/api/captures/${capture.id}/metrics?type=FreeStorageSpace`)).toEqual(expected);
    await writer.captures.settle(capture);
    expect(await refused(`/api/captures/${capture.id}/metrics?type=free%20storage`)).toEqual(expected);
  });

  it("are asked for in one call for a day, thirty-two at once", async () => {
    const writer = await memberOf("shop-1");
    const capture = await writer.captures.create(20 * 60 * MINUTE);
    await aws.clearRequests();
    expect((await writer.captures.metricsOf(capture)).body[0]?.dataPoints).toHaveLength(1200);
    const calls = await writer.captures.calls();
    expect(calls.map(({ parameters }) => (parameters.MetricDataQueries as unknown[]).length)).toEqual([32]);
  });
});

describe("a capture of MySQL", () => {
  it("has none of Aurora's metrics, which is said", async () => {
    const { environment, aws: own } = await createEnvironment(admin);
    const captures = new EndedCaptures({ admin, environment, aws: own } as Cast);
    const reply = await captures.metricsOf(await captures.create(MINUTE), "?type=queries");
    expect(reply).toMatchObject({
      status: 400,
      body: {
        message: expect.stringMatching(/^type: "QUERIES" is not one of CPU UTILIZATION, .*, BURST BALANCE$/),
      },
    });
  });

  it("that was made before its engine was kept has the sixteen, live and archived", async () => {
    const { environment, aws: own } = await createEnvironment(admin);
    const captures = new EndedCaptures({ admin, environment, aws: own } as Cast);
    const capture = await captures.create(MINUTE);
    await env.DB.prepare("update captures set engine = null where id = ?").bind(capture.id).run();
    const live = await captures.metricsOf(capture);
    expect(live.body.map(({ label }) => label)).toEqual(METRICS.map(({ label }) => label));
    await captures.settle(capture);
    expect((await captures.metricsOf(capture)).body).toEqual(live.body);
    const object = await env.BUCKET.get(archiveKey(capture.id));
    const text = await new Response(object?.body.pipeThrough(new DecompressionStream("gzip"))).json<
      unknown[]
    >();
    expect(text).toHaveLength(1 + METRICS.length);
  });
});
