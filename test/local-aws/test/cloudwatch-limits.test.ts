import {
  type CloudWatchClient,
  GetMetricDataCommand,
  type GetMetricDataCommandInput,
  paginateGetMetricData,
} from "@aws-sdk/client-cloudwatch";
import { describe, expect, it } from "vitest";
import { createAccount } from "./client.ts";
import { HOUR_MS, LATEST_HOUR, MINUTE_MS, metricInput, metricQuery, timesBetween } from "./metric-data.ts";
import { cloudWatchClient } from "./sdk.ts";

const cloudwatch = cloudWatchClient(await createAccount());

async function getMetricData(request: GetMetricDataCommandInput, client: CloudWatchClient = cloudwatch) {
  return await client.send(new GetMetricDataCommand(request));
}

describe("paging", () => {
  const queries = ["CPUUtilization", "ReadIOPS", "Nothing", "WriteIOPS"].map((metric, index) =>
    metricQuery({ Id: `m${index}`, metric }),
  );

  /** All pages, each as the number of its points, and all points by query. */
  async function collect(request: GetMetricDataCommandInput, client: CloudWatchClient = cloudwatch) {
    const pages: number[] = [];
    const collected = new Map<string, number[]>();
    for await (const page of paginateGetMetricData({ client }, request)) {
      const results = page.MetricDataResults ?? [];
      pages.push(results.reduce((sum, { Values }) => sum + (Values?.length ?? 0), 0));
      for (const { Id = "", Timestamps = [] } of results) {
        collected.set(Id, [...(collected.get(Id) ?? []), ...Timestamps.map((time) => time.getTime())]);
      }
    }
    return { pages, collected };
  }

  it.each(["TimestampAscending", "TimestampDescending"] as const)(
    "returns every point exactly once over all pages, %s",
    async (ScanBy) => {
      const request = {
        ...metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, ...queries),
        ScanBy,
        MaxDatapoints: 37,
      };
      const { pages, collected } = await collect(request);
      expect(pages).toEqual([37, 37, 37, 37, 32]);
      const times = timesBetween(LATEST_HOUR - HOUR_MS, LATEST_HOUR);
      const expected = ScanBy === "TimestampAscending" ? times : times.reverse();
      expect(Object.fromEntries(collected)).toEqual({ m0: expected, m1: expected, m2: [], m3: expected });
    },
  );

  it("says of each query whether more of it is to come", async () => {
    const { MetricDataResults, NextToken } = await getMetricData({
      ...metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, ...queries),
      MaxDatapoints: 60,
    });
    expect(MetricDataResults?.map(({ StatusCode }) => StatusCode)).toEqual([
      "Complete",
      "PartialData",
      "PartialData",
      "PartialData",
    ]);
    expect(NextToken).toEqual(expect.any(String));
  });

  it("ends without a token when the last page is exactly full", async () => {
    const { pages } = await collect({
      ...metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, ...queries),
      MaxDatapoints: 90,
    });
    expect(pages).toEqual([90, 90]);
  });

  it("pages early for an account whose page size is set, without being asked", async () => {
    const small = await createAccount();
    await small.setPageSize(100);
    const client = cloudWatchClient(small);
    expect(
      (await collect(metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, ...queries), client)).pages,
    ).toEqual([100, 80]);
    await small.setPageSize(null);
    expect(
      (await collect(metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, ...queries), client)).pages,
    ).toEqual([180]);
  });

  it("refuses a token that is made up, of another request or of another account", async () => {
    const request = { ...metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, metricQuery()), MaxDatapoints: 10 };
    const { NextToken } = await getMetricData(request);
    const refusal = { name: "InvalidNextToken", $metadata: { httpStatusCode: 400 } };
    await expect(getMetricData({ ...request, NextToken: "made-up" })).rejects.toMatchObject(refusal);
    await expect(getMetricData({ ...request, MaxDatapoints: 20, NextToken })).rejects.toMatchObject(refusal);
    const other = cloudWatchClient(await createAccount());
    await expect(getMetricData({ ...request, NextToken }, other)).rejects.toMatchObject(refusal);
  });
});

describe("validation", () => {
  const valid = metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, metricQuery());
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => metricQuery({ Id: `m${index}` }));

  it("takes 500 queries", async () => {
    const { MetricDataResults } = await getMetricData(
      metricInput(LATEST_HOUR - 5 * MINUTE_MS, LATEST_HOUR, ...many(500)),
    );
    expect(MetricDataResults).toHaveLength(500);
  });

  it.each<[string, GetMetricDataCommandInput, string]>([
    ["501 queries", { ...valid, MetricDataQueries: many(501) }, "must not have a size greater than 500"],
    ["no query", { ...valid, MetricDataQueries: [] }, "The parameter MetricDataQueries is required"],
    [
      "an Id that begins with a capital",
      metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, metricQuery({ Id: "Cpu" })),
      "expected pattern ^[a-z]",
    ],
    [
      "an Id with a hyphen",
      metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, metricQuery({ Id: "c-pu" })),
      "The value c-pu for parameter",
    ],
    [
      "the same Id twice",
      metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, metricQuery(), metricQuery()),
      "are not unique",
    ],
    ["a start that equals the end", metricInput(LATEST_HOUR, LATEST_HOUR, metricQuery()), "must not equal"],
    [
      "a start after the end",
      metricInput(LATEST_HOUR, LATEST_HOUR - HOUR_MS, metricQuery()),
      "must be less than",
    ],
    [
      "a period of 90 s",
      metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, metricQuery({ period: 90 })),
      "must be a multiple of 60",
    ],
    [
      "a period of 0",
      metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, metricQuery({ period: 0 })),
      "must be a multiple of 60",
    ],
    [
      "an unknown statistic",
      metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, metricQuery({ stat: "Biggest" })),
      "is not a valid statistic",
    ],
    ["too many data points", { ...valid, MaxDatapoints: 100_801 }, "between 1 and 100800"],
    ["no data points", { ...valid, MaxDatapoints: 0 }, "between 1 and 100800"],
    ["an unknown order", { ...valid, ScanBy: "Sideways" as "TimestampAscending" }, "not a valid scan order"],
    [
      "no data asked for",
      metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, metricQuery({ ReturnData: false })),
      "ReturnData",
    ],
    [
      "neither metric nor expression",
      metricInput(LATEST_HOUR - HOUR_MS, LATEST_HOUR, { Id: "q" }),
      "MetricStat is required",
    ],
  ])("refuses %s", async (_title, request, message) => {
    await expect(getMetricData(request)).rejects.toMatchObject({
      name: "ValidationException",
      Code: "ValidationError",
      message: expect.stringContaining(message),
      $metadata: { httpStatusCode: 400 },
    });
  });

  it("names every query that is wrong", async () => {
    const request = metricInput(
      LATEST_HOUR - HOUR_MS,
      LATEST_HOUR,
      metricQuery({ Id: "a", stat: "x" }),
      metricQuery(),
      metricQuery({ Id: "b", stat: "y" }),
    );
    await expect(getMetricData(request)).rejects.toThrow(
      "The value for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid statistic.\n" +
        "The value for parameter MetricDataQueries.member.3.MetricStat.Stat is not a valid statistic.",
    );
  });
});
