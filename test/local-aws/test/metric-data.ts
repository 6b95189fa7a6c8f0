/** GetMetricData requests for the tests of the local CloudWatch. */
import type { GetMetricDataCommandInput, MetricDataQuery, StandardUnit } from "@aws-sdk/client-cloudwatch";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** The latest full hour, and so a time to which every period in the tests is aligned. */
export const LATEST_HOUR = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;

/** What a query may have otherwise than the maximum CPU utilisation of `demo-mysql`, every minute, under the Id `q`. */
export interface QueryOptions extends Partial<MetricDataQuery> {
  instance?: string;
  metric?: string;
  stat?: string;
  /** Seconds. */
  period?: number;
  unit?: StandardUnit;
}

/** A query for one metric of an instance. */
export function metricQuery(options: QueryOptions = {}): MetricDataQuery {
  const {
    instance = "demo-mysql",
    metric = "CPUUtilization",
    stat = "Maximum",
    period = 60,
    unit,
    ...rest
  } = options;
  return {
    Id: "q",
    MetricStat: {
      Metric: {
        Namespace: "AWS/RDS",
        MetricName: metric,
        Dimensions: [{ Name: "DBInstanceIdentifier", Value: instance }],
      },
      Period: period,
      Stat: stat,
      ...(unit === undefined ? {} : { Unit: unit }),
    },
    ...rest,
  };
}

/** A request for a window in epoch milliseconds, oldest points first. */
export function metricInput(
  startMs: number,
  endMs: number,
  ...queries: MetricDataQuery[]
): GetMetricDataCommandInput {
  return {
    StartTime: new Date(startMs),
    EndTime: new Date(endMs),
    ScanBy: "TimestampAscending",
    MetricDataQueries: queries,
  };
}

/** The times from a start to before an end, all in epoch milliseconds. */
export function timesBetween(startMs: number, endMs: number, stepMs: number = MINUTE_MS): number[] {
  return Array.from({ length: (endMs - startMs) / stepMs }, (_, index) => startMs + index * stepMs);
}
