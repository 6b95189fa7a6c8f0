import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import {
  type AwsCredentials,
  type AwsRequest,
  type AwsResult,
  type AwsTarget,
  callAws,
  malformed,
} from "./client.ts";
import type { AwsErrorBody } from "./error-codes.ts";

/** A question to CloudWatch: some metrics of one RDS instance, over a window. */
export interface MetricQuery {
  instance: string;
  /** CloudWatch's names of the metrics, such as `ReadIOPS`; at most 500. */
  metrics: readonly string[];
  /** First moment, inclusive, and last, exclusive, in milliseconds since the epoch. */
  start: number;
  end: number;
  /** Seconds, a multiple of 60. */
  period: number;
}

/** One value of a metric: the maximum over the period that begins at `time` (milliseconds since the epoch). */
export interface MetricPoint {
  time: number;
  value: number;
}

const replySchema = lazy(() =>
  z.object({
    NextToken: z.string().nullish(),
    MetricDataResults: z.array(
      z.object({
        Id: z.string(),
        StatusCode: z.string(),
        Timestamps: z.array(z.number()),
        Values: z.array(z.number()),
      }),
    ),
  }),
);

const GET_METRIC_DATA = { service: "monitoring", action: "GetMetricData" } as const;
const OPERATION = "cloudwatch:GetMetricData";

/** More pages than any window within the API's limits can have: a guard against a reply that never ends. */
const MAX_PAGES = 50;

/**
 * GetMetricData (CloudWatch API reference 2010-08-01, JSON protocol), its pages followed to the end.
 * @returns the points of each metric in the order of the question, oldest first
 */
export async function getMetricData(
  target: AwsTarget,
  credentials: AwsCredentials,
  query: MetricQuery,
): Promise<AwsResult<MetricPoint[][]>> {
  const points = query.metrics.map((): MetricPoint[] => []);
  const statuses = query.metrics.map(() => "");
  let token: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const reply = await callAws(target, credentials, getMetricDataRequest(query, token));
    if (!reply.ok) return reply;
    const parsed = parseReply(reply.value);
    if (parsed === undefined) return malformed(GET_METRIC_DATA);
    for (const result of parsed.MetricDataResults) {
      const index = Number(result.Id.slice(1));
      const series = points[index];
      if (series === undefined || result.Timestamps.length !== result.Values.length)
        return malformed(GET_METRIC_DATA);
      statuses[index] = result.StatusCode;
      for (const [i, seconds] of result.Timestamps.entries()) {
        series.push({ time: seconds * 1000, value: result.Values[i] as number });
      }
    }
    token = parsed.NextToken || undefined;
    if (token === undefined) return finished(points, statuses);
  }
  return malformed(GET_METRIC_DATA);
}

function finished(points: MetricPoint[][], statuses: string[]): AwsResult<MetricPoint[][]> {
  if (statuses.includes("Forbidden")) {
    const message = "AWS does not let these credentials read the metrics of the instance";
    return { ok: false, failure: { kind: "denied", code: "Forbidden", operation: OPERATION, message } };
  }
  // Shown as complete, a partial result would look like an idle database.
  if (statuses.some((status) => status !== "Complete")) {
    const message = "CloudWatch could not give the whole of the metrics";
    return {
      ok: false,
      failure: { kind: "unavailable", code: "InternalError", operation: OPERATION, message },
    };
  }
  for (const series of points) series.sort((a, b) => a.time - b.time);
  return { ok: true, value: points };
}

function getMetricDataRequest(query: MetricQuery, token: string | undefined): AwsRequest {
  return {
    ...GET_METRIC_DATA,
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": "GraniteServiceVersion20100801.GetMetricData",
    },
    body: JSON.stringify({
      StartTime: query.start / 1000,
      EndTime: query.end / 1000,
      ScanBy: "TimestampAscending",
      NextToken: token,
      MetricDataQueries: query.metrics.map((metric, index) => ({
        Id: `m${index}`,
        MetricStat: {
          Metric: {
            Namespace: "AWS/RDS",
            MetricName: metric,
            Dimensions: [{ Name: "DBInstanceIdentifier", Value: query.instance }],
          },
          Period: query.period,
          Stat: "Maximum",
        },
      })),
    }),
    replyHas: "MetricDataResults",
    parseError,
  };
}

function parseReply(body: string): z.output<ReturnType<typeof replySchema>> | undefined {
  try {
    return replySchema().safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

const errorSchema = lazy(() =>
  z.object({
    __type: z.string().optional(),
    message: z.string().optional(),
    Message: z.string().optional(),
  }),
);

/**
 * AWS JSON protocol: `x-amzn-query-error: Code;Sender` for services that once spoke Query, else `x-amzn-errortype: Code:URL`
 * or `__type: namespace#Code` (Smithy, "AWS JSON 1.0 protocol", operation error serialization).
 */
function parseError(body: string, headers: Headers): AwsErrorBody | undefined {
  let error: z.output<ReturnType<typeof errorSchema>> | undefined;
  try {
    error = errorSchema().safeParse(JSON.parse(body)).data;
  } catch {}
  const type = headers.get("x-amzn-errortype") ?? error?.__type;
  const code = headers.get("x-amzn-query-error")?.split(";")[0] ?? type?.split(":")[0]?.split("#").at(-1);
  return code ? { code, message: error?.message ?? error?.Message ?? code } : undefined;
}
