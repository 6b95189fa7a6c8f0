import {
  type CloudWatchClient,
  GetMetricDataCommand,
  type GetMetricDataCommandInput,
  type Statistic,
} from "@aws-sdk/client-cloudwatch";
import { describe, expect, it } from "vitest";
import { AURORA_METRIC_NAMES, METRIC_NAMES, metricValue } from "../metric-values.ts";
import { createAccount, createClusterAccount, type LocalAccount } from "./client.ts";
import {
  DAY_MS,
  HOUR_MS,
  LATEST_HOUR,
  MINUTE_MS,
  metricInput,
  metricQuery,
  timesBetween,
} from "./metric-data.ts";
import { cloudWatchClient } from "./sdk.ts";

const cloudwatch = cloudWatchClient(await createAccount());

async function getMetricData(request: GetMetricDataCommandInput) {
  return await cloudwatch.send(new GetMetricDataCommand(request));
}

/** The timestamps, in epoch milliseconds, and the values of the only result. */
async function points(request: GetMetricDataCommandInput, client: CloudWatchClient = cloudwatch) {
  const { MetricDataResults = [] } = await client.send(new GetMetricDataCommand(request));
  const [result] = MetricDataResults;
  return {
    timestamps: result?.Timestamps?.map((time) => time.getTime()) ?? [],
    values: result?.Values ?? [],
    status: result?.StatusCode,
  };
}

/** What the CPU utilisation of `demo-mysql` was in the minute that begins at a time. */
function valueAt(timeMs: number): number {
  return metricValue("demo-mysql", "CPUUtilization", timeMs / MINUTE_MS) ?? Number.NaN;
}

describe("GetMetricData", () => {
  it("returns the value of every minute, with the start inclusive and the end exclusive", async () => {
    const [start, end] = [LATEST_HOUR - HOUR_MS, LATEST_HOUR - HOUR_MS + 10 * MINUTE_MS];
    const times = timesBetween(start, end);
    expect(await points(metricInput(start, end, metricQuery()))).toEqual({
      timestamps: times,
      values: times.map((time) => valueAt(time)),
      status: "Complete",
    });
  });

  it("has all sixteen metrics of RDS, each labelled with its name", async () => {
    const queries = METRIC_NAMES.map((metric, index) => metricQuery({ Id: `m${index}`, metric }));
    const { MetricDataResults = [] } = await getMetricData(
      metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, ...queries),
    );
    expect(MetricDataResults.map(({ Label }) => Label)).toEqual(METRIC_NAMES);
    expect(MetricDataResults.map(({ Values }) => Values?.length)).toEqual(METRIC_NAMES.map(() => 60));
    expect(METRIC_NAMES).toHaveLength(16);
  });

  it("uses the label that a query asks for", async () => {
    const { MetricDataResults } = await getMetricData(
      metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, metricQuery({ Label: "processor" })),
    );
    expect(MetricDataResults?.[0]?.Label).toBe("processor");
  });

  it("sorts the newest point first unless told otherwise", async () => {
    const { ScanBy: _, ...request } = metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, metricQuery());
    const { timestamps } = await points(request);
    expect(timestamps).toEqual(timesBetween(LATEST_HOUR - HOUR_MS, LATEST_HOUR).reverse());
  });

  it.each<[Statistic, (values: number[]) => number]>([
    ["Maximum", (values) => Math.max(...values)],
    ["Minimum", (values) => Math.min(...values)],
    ["Sum", (values) => values.reduce((sum, value) => sum + value, 0)],
    ["Average", (values) => values.reduce((sum, value) => sum + value, 0) / values.length],
    ["SampleCount", (values) => values.length],
  ])("aggregates the minutes of a longer period by %s", async (stat, aggregate) => {
    const start = LATEST_HOUR - 2 * HOUR_MS;
    const { timestamps, values } = await points(
      metricInput(start, LATEST_HOUR, metricQuery({ stat, period: 300 })),
    );
    const times = timesBetween(start, LATEST_HOUR, 5 * MINUTE_MS);
    expect(timestamps).toEqual(times);
    expect(values).toEqual(
      times.map((time) =>
        aggregate(timesBetween(time, time + 5 * MINUTE_MS).map((minute) => valueAt(minute) ?? Number.NaN)),
      ),
    );
  });

  it("aligns timestamps to the period even if the start is not", async () => {
    const { timestamps } = await points(
      metricInput(LATEST_HOUR - HOUR_MS + 7 * MINUTE_MS, LATEST_HOUR, metricQuery({ period: 300 })),
    );
    expect(timestamps[0]).toBe(LATEST_HOUR - HOUR_MS + 10 * MINUTE_MS);
    expect(timestamps.every((time) => time % 300_000 === 0)).toBe(true);
  });

  it("rounds the start down to the minute", async () => {
    const { timestamps } = await points(
      metricInput(LATEST_HOUR - HOUR_MS + 30_500, LATEST_HOUR, metricQuery()),
    );
    expect(timestamps[0]).toBe(LATEST_HOUR - HOUR_MS);
  });

  it("answers for an unknown instance or metric as for one without data", async () => {
    const queries = [
      metricQuery({ Id: "a", instance: "nobody" }),
      metricQuery({ Id: "b", metric: "Happiness" }),
      metricQuery({ Id: "c", metric: "toString" }),
    ];
    const { MetricDataResults } = await getMetricData(
      metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, ...queries),
    );
    expect(MetricDataResults).toMatchObject(
      ["a", "b", "c"].map((Id) => ({ Id, Values: [], Timestamps: [], StatusCode: "Complete" })),
    );
  });

  it("returns nothing for a unit that is not the metric's, and no unit ever", async () => {
    const queries = [metricQuery({ Id: "a", unit: "Bytes" }), metricQuery({ Id: "b", unit: "Percent" })];
    const { MetricDataResults = [] } = await getMetricData(
      metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, ...queries),
    );
    expect(MetricDataResults.map(({ Values }) => Values?.length)).toEqual([0, 60]);
    for (const result of MetricDataResults) expect(result).not.toHaveProperty("Unit");
  });

  it("leaves out a query whose data is not asked for", async () => {
    const { MetricDataResults } = await getMetricData(
      metricInput(
        LATEST_HOUR - HOUR_MS,
        LATEST_HOUR,
        metricQuery({ Id: "a" }),
        metricQuery({ Id: "b", ReturnData: false }),
      ),
    );
    expect(MetricDataResults?.map(({ Id }) => Id)).toEqual(["a"]);
  });
});

describe("the newest points", () => {
  it("show up a minute after their time, and never before", async () => {
    const now = Date.now();
    const { timestamps } = await points(metricInput(now - 10 * MINUTE_MS, now + HOUR_MS, metricQuery()));
    const newest = timestamps.at(-1) ?? 0;
    expect(newest).toBeGreaterThan(now - 2 * MINUTE_MS - 1_000);
    expect(newest).toBeLessThanOrEqual(Date.now() - MINUTE_MS);
  });

  it("follow the account's clock", async () => {
    const shifted = await createAccount();
    await shifted.setClock(HOUR_MS);
    const client = cloudWatchClient(shifted, { systemClockOffset: HOUR_MS });
    const now = Date.now() + HOUR_MS;
    const { timestamps } = await points(metricInput(now - 10 * MINUTE_MS, now, metricQuery()), client);
    expect(timestamps.at(-1)).toBeGreaterThan(now - 2 * MINUTE_MS - 1_000);
  });
});

describe("retention", () => {
  const DAYS_AGO_20 = LATEST_HOUR - 20 * DAY_MS;
  const DAYS_AGO_70 = LATEST_HOUR - 70 * DAY_MS;

  it.each([
    ["20 days ago, 60 s are gone", DAYS_AGO_20, 60, 0],
    ["20 days ago, a period that is no multiple of 300 s finds nothing", DAYS_AGO_20, 360, 0],
    ["20 days ago, 300 s are kept", DAYS_AGO_20, 300, 24],
    ["20 days ago, multiples of 300 s are kept", DAYS_AGO_20, 600, 12],
    ["70 days ago, 300 s are gone", DAYS_AGO_70, 300, 0],
    ["70 days ago, 3600 s are kept", DAYS_AGO_70, 3_600, 2],
    ["460 days ago, nothing is kept", LATEST_HOUR - 460 * DAY_MS, 3_600, 0],
  ])("%s", async (_title, start, period, count) => {
    expect(
      (await points(metricInput(start, start + 2 * HOUR_MS, metricQuery({ period })))).values,
    ).toHaveLength(count);
  });

  it("still returns the recent part of a window that reaches back too far", async () => {
    const { timestamps } = await points(
      metricInput(LATEST_HOUR - 16 * DAY_MS, LATEST_HOUR - 14 * DAY_MS, metricQuery()),
    );
    const oldest = timestamps[0] ?? 0;
    expect(Math.abs(oldest - (Date.now() - 15 * DAY_MS))).toBeLessThan(2 * MINUTE_MS);
    expect(timestamps.at(-1)).toBe(LATEST_HOUR - 14 * DAY_MS - MINUTE_MS);
  });

  it("moves on with the account's clock", async () => {
    const shifted = await createAccount();
    await shifted.setClock(16 * DAY_MS);
    const client = cloudWatchClient(shifted, { systemClockOffset: 16 * DAY_MS });
    expect(
      (await points(metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, metricQuery()), client)).values,
    ).toEqual([]);
    expect(
      (await points(metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, metricQuery({ period: 300 })), client))
        .values,
    ).toHaveLength(12);
  });
});

describe("the metrics of Aurora", () => {
  /** The names of the metrics of which an instance has points, of all that there are. */
  async function published(account: LocalAccount, instance: string): Promise<string[]> {
    const names = [...METRIC_NAMES, ...AURORA_METRIC_NAMES];
    const queries = names.map((metric, index) => metricQuery({ Id: `m${index}`, instance, metric }));
    const request = metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, ...queries);
    const { MetricDataResults = [] } = await cloudWatchClient(account).send(
      new GetMetricDataCommand(request),
    );
    return MetricDataResults.flatMap(({ Label = "", Values = [] }) => (Values.length === 60 ? [Label] : []));
  }

  const members = [{ identifier: "w" }, { identifier: "r", instanceClass: "db.serverless" }];

  it("differ from RDS's, and by role and class of the instance", async () => {
    const account = await createClusterAccount("shop", { members });
    const [writer, reader] = [await published(account, "w"), await published(account, "r")];
    for (const name of ["SelectLatency", "DMLLatency", "Queries", "BufferCacheHitRatio", "CPUUtilization"]) {
      expect(writer).toContain(name);
      expect(reader).toContain(name);
    }
    for (const name of ["FreeStorageSpace", "BinLogDiskUsage", "BurstBalance"]) {
      expect(writer).not.toContain(name);
    }
    const differences = [
      "AuroraReplicaLag",
      "AuroraReplicaLagMaximum",
      "FreeLocalStorage",
      "ServerlessDatabaseCapacity",
    ];
    expect(differences.filter((name) => writer.includes(name))).toEqual([
      "AuroraReplicaLagMaximum",
      "FreeLocalStorage",
    ]);
    expect(differences.filter((name) => reader.includes(name))).toEqual([
      "AuroraReplicaLag",
      "ServerlessDatabaseCapacity",
    ]);
    await account.failOver("shop");
    expect(await published(account, "w")).toContain("AuroraReplicaLag");
    expect(await published(account, "r")).toContain("AuroraReplicaLagMaximum");
  });

  it("are not those of other instances, nor of a Multi-AZ DB cluster's", async () => {
    expect(await published(await createAccount(), "demo-mysql")).toEqual(METRIC_NAMES);
    const account = await createClusterAccount("ha", { engine: "mysql" });
    expect(await published(account, "ha-instance-2")).toEqual(METRIC_NAMES);
  });
});
