import type { Account } from "./accounts.ts";
import { publishesAurora } from "./aurora-metrics.ts";
import { AwsError } from "./errors.ts";
import type { Instance } from "./instances.ts";
import type { JsonValue } from "./json.ts";
import { type MetricDataRequest, type MetricQuery, parseMetricDataRequest } from "./metric-data-request.ts";
import { METRIC_DELAY_MS, METRIC_NAMES, metricSeries, metricUnit } from "./metric-values.ts";
import { makeToken, readToken } from "./paging.ts";
import type { Call, JsonService } from "./service.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** How far back a query finds points whose period is a multiple of these, coarsest first. */
const RETENTION = [
  { periodSeconds: 3_600, maxAgeMs: 455 * DAY_MS },
  { periodSeconds: 300, maxAgeMs: 63 * DAY_MS },
  { periodSeconds: 60, maxAgeMs: 15 * DAY_MS },
] as const;

/** Amazon CloudWatch: JSON 1.0 protocol, version 2010-08-01. */
export const cloudwatch: JsonService = {
  protocol: "json",
  signingName: "monitoring",
  anyRegion: false,
  iamPrefix: "cloudwatch",
  target: "GraniteServiceVersion20100801",
  actions: { GetMetricData: { run: getMetricData } },
};

/** All points that a query has, whatever the page. */
interface Series {
  /** The time of the oldest, in epoch milliseconds. */
  firstMs: number;
  count: number;
  /** The query's statistic of the period that begins at a time. */
  valueAt(timeMs: number): number;
}

/** Where the next page begins. */
interface PageState {
  /** The account's now when the first page was made: all pages show the data of that moment. */
  now: number;
  /** How many points, counted over all queries in their order, were on the pages so far. */
  start: number;
}

function getMetricData({ account, now }: Call, body: Record<string, unknown>): JsonValue {
  const request = parseMetricDataRequest(body);
  const { NextToken: _token, ...withoutToken } = body;
  const scope = [account.id, withoutToken];
  const state = request.nextToken === undefined ? { now, start: 0 } : pageState(scope, request.nextToken);
  const size = Math.min(request.maxDatapoints, account.pageSize ?? Number.POSITIVE_INFINITY);
  const end = state.start + size;

  let before = 0;
  const results: JsonValue[] = [];
  for (const query of request.queries) {
    const series = seriesOf(account, request, query, state.now);
    const [from, to] = [state.start - before, end - before].map((n) =>
      Math.min(Math.max(n, 0), series.count),
    );
    const times = timesOf(series, query.periodSeconds, request.ascending, from ?? 0, to ?? 0);
    before += series.count;
    results.push({
      Id: query.id,
      Label: query.label ?? query.metricName,
      Timestamps: times.map((timeMs) => timeMs / 1_000),
      Values: times.map((timeMs) => series.valueAt(timeMs)),
      StatusCode: before > end ? "PartialData" : "Complete",
    });
  }
  return {
    MetricDataResults: results,
    Messages: [],
    NextToken: before > end ? makeToken(scope, { now: state.now, start: end }) : undefined,
  };
}

function pageState(scope: unknown, token: string): PageState {
  const state = readToken(scope, token) as PageState | undefined;
  if (state !== undefined) return state;
  throw new AwsError("The service token is not valid for this request.", {
    code: "InvalidNextToken",
    status: 400,
    jsonType: "com.amazonaws.cloudwatch.v2010_08_01#InvalidNextToken",
  });
}

/** A query's points as CloudWatch has them at a moment: without what is unknown, not kept or not published yet. */
function seriesOf(account: Account, request: MetricDataRequest, query: MetricQuery, now: number): Series {
  const minuteValueAt = minuteValuesOf(account, query);
  const periodMs = query.periodSeconds * 1_000;
  // Of a window that reaches back too far for its period, the recent part is still returned.
  const startMs = Math.max(roundedStart(request.startMs, now), now - maxAgeMs(query.periodSeconds));
  const endMs = Math.min(request.endMs, now - METRIC_DELAY_MS + 1);
  const firstMs = Math.ceil(startMs / periodMs) * periodMs;
  if (minuteValueAt === undefined || firstMs >= endMs)
    return { firstMs, count: 0, valueAt: () => Number.NaN };
  return {
    firstMs,
    count: Math.ceil((endMs - firstMs) / periodMs),
    valueAt: (timeMs) => {
      const endMinute = Math.ceil(Math.min(timeMs + periodMs, endMs) / MINUTE_MS);
      return aggregate(query.stat, minuteValueAt, timeMs / MINUTE_MS, endMinute);
    },
  };
}

/** The times of a series' points from one index to before another, counted in the order of the reply. */
function timesOf(
  series: Series,
  periodSeconds: number,
  ascending: boolean,
  from: number,
  to: number,
): number[] {
  return Array.from({ length: to - from }, (_, offset) => {
    const index = ascending ? from + offset : series.count - 1 - from - offset;
    return series.firstMs + index * periodSeconds * 1_000;
  });
}

/** The values of a query's metric, or undefined if there is no such metric, instance or unit. */
function minuteValuesOf(account: Account, query: MetricQuery): ((minute: number) => number) | undefined {
  const [dimension, ...others] = query.dimensions;
  if (query.namespace !== "AWS/RDS" || dimension?.name !== "DBInstanceIdentifier" || others.length > 0) {
    return undefined;
  }
  const instance = account.instances.get(dimension.value);
  if (instance === undefined || !publishes(account, instance, query.metricName)) return undefined;
  if (query.unit !== undefined && query.unit !== metricUnit(query.metricName)) return undefined;
  return metricSeries(dimension.value, query.metricName);
}

/** Whether an instance has a metric: those of Aurora have others, by what they are in their cluster now. */
function publishes(account: Account, instance: Instance, metricName: string): boolean {
  if (!instance.engine.startsWith("aurora")) return METRIC_NAMES.includes(metricName);
  const writer = account.clusters.get(instance.cluster ?? "")?.writer ?? instance.identifier;
  return publishesAurora(metricName, {
    role: writer === instance.identifier ? "writer" : "reader",
    isServerless: instance.instanceClass === "db.serverless",
  });
}

/** CloudWatch rounds the start down to the finest period that it still keeps of that time. */
function roundedStart(startMs: number, now: number): number {
  const kept = RETENTION.findLast((retention) => now - startMs <= retention.maxAgeMs) ?? RETENTION[0];
  const stepMs = kept.periodSeconds * 1_000;
  return Math.floor(startMs / stepMs) * stepMs;
}

function maxAgeMs(periodSeconds: number): number {
  return RETENTION.find((retention) => periodSeconds % retention.periodSeconds === 0)?.maxAgeMs ?? 0;
}

/** RDS publishes one sample a minute, so that a longer period's statistics are those of its minutes' values. */
function aggregate(
  stat: MetricQuery["stat"],
  valueAt: (minute: number) => number,
  firstMinute: number,
  endMinute: number,
): number {
  let sum = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let minute = firstMinute; minute < endMinute; minute++) {
    const value = valueAt(minute);
    sum += value;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const count = endMinute - firstMinute;
  return { Sum: sum, SampleCount: count, Average: sum / count, Minimum: least, Maximum: most }[stat];
}
