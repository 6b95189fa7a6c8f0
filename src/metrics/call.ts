import { type AwsResult, awsTarget } from "../aws/client.ts";
import { getMetricData, type MetricPoint } from "../aws/cloudwatch.ts";
import type { Env } from "../env.ts";
import { askAs, type EnvironmentAccess } from "../environments/credentials.ts";
import { metricSetOf } from "../environments/engines.ts";
import { metricAt, metricsOf } from "./cloudwatch-metrics.ts";
import type { MetricsWindow, Span } from "./window.ts";

/** The instance whose metrics are wanted, and how it is reached. */
export interface MetricsInstance extends EnvironmentAccess {
  instance: string;
  /** RDS's name of its engine, which decides which metrics there are; null where it was not kept, which is not Aurora. */
  engine: string | null;
}

/** The metrics of an instance, in the order of a reply: indexes of ALL_METRICS. */
export const metricsOfInstance = ({ engine }: Pick<MetricsInstance, "engine">): readonly number[] =>
  metricsOf(metricSetOf(engine));

/** A capture as far as its metrics are concerned: when and which instance. */
export interface MetricsSubject extends MetricsInstance, Span {
  /** The capture's id. */
  id: number;
}

/** A question that can be put to CloudWatch. */
export interface MetricsRequest {
  target: MetricsInstance;
  window: MetricsWindow;
  /** Indexes of ALL_METRICS. */
  metrics: readonly number[];
}

/** A question that is answered from what CloudWatch said of all of `span` (see MetricsCache). */
export interface CachedRequest extends MetricsRequest {
  span: Span;
}

/** The points of each metric of a question, or why there are none. */
export type MetricsResult = AwsResult<MetricPoint[][]>;

/** Asks CloudWatch. */
export async function fetchMetrics(env: Env, request: MetricsRequest, now: number): Promise<MetricsResult> {
  const { target, window, metrics } = request;
  const { region, instance } = target;
  const labels = metrics.map((index) => metricAt(index).label);
  return askAs(env, target, now, (keys) =>
    getMetricData(awsTarget(env, region), keys, { instance, metrics: labels, ...window }),
  );
}
