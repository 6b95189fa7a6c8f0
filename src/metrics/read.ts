import type { MetricPoint } from "../aws/cloudwatch.ts";
import { explain } from "../aws/explain.ts";
import type { Env } from "../env.ts";
import { ApiError, notNow } from "../http/refusals.ts";
import { describeError, log } from "../lib/log.ts";
import { Unreadable } from "../lib/stored.ts";
import { isTransientFault } from "../lib/transient.ts";
import { isoTime } from "../lib/values.ts";
import { archiveKey, decodeArchive } from "./archive-format.ts";
import {
  type CachedRequest,
  fetchMetrics,
  type MetricsResult,
  type MetricsSubject,
  metricsOfInstance,
} from "./call.ts";
import { metricAt } from "./cloudwatch-metrics.ts";
import { aggregate } from "./columns.ts";
import { refuseMetrics } from "./refusals.ts";
import type { Metric } from "./replies.ts";
import { type MetricsQuery, unknownMetric } from "./schema.ts";
import { chooseWindow, forgotten, keptWindow, metricsWindow } from "./window.ts";

/** Asks the cache of what CloudWatch said, which is a Durable Object's; fails when that is away. */
export type AskCache = (request: CachedRequest) => Promise<MetricsResult>;

/** What GET /api/captures/{id}/metrics answers. */
export interface MetricsReply {
  metrics: Metric[];
  headers: Record<string, string>;
}

/**
 * The metrics of a capture as CloudWatch has them, as the API shows them.
 * @throws ApiError 400 for a period that can't be had, or a metric that the instance's engine does not have; 502 when AWS refuses, 503 when it throttles or fails, 504 when it does
 *   not answer in time
 */
export async function readMetrics(
  env: Env,
  subject: MetricsSubject,
  query: MetricsQuery,
  askCache: AskCache,
  now: number,
): Promise<MetricsReply> {
  const metrics = wanted(subject, query);
  const window = metricsWindow(subject, query.period, metrics.length, now);
  const incomplete = forgotten(subject, window);
  if (window === null) {
    const none = metrics.map((index) => show(index, []));
    return metricsReply(none, "cloudwatch", null, incomplete);
  }
  const { id, envId, region, instance, engine, credentials, start, end } = subject;
  const target = { envId, region, instance, engine, credentials };
  const request = { target, span: { start, end }, window, metrics };
  const result = await fetchCached(env, id, request, askCache, now);
  if (!result.ok) throw awsRefusal(result, instance, region);
  const shown = metrics.map((index, i) => show(index, result.value[i] ?? []));
  return metricsReply(shown, "cloudwatch", window.period, incomplete);
}

/** Asks the cache, or CloudWatch when the cache is away. */
async function fetchCached(
  env: Env,
  captureId: number,
  request: CachedRequest,
  askCache: AskCache,
  now: number,
): Promise<MetricsResult> {
  try {
    return await askCache(request);
  } catch (error) {
    log.warn("capture.metrics.uncached", { captureId, ...describeError(error) });
    return fetchMetrics(env, request, now);
  }
}

function awsRefusal(
  { failure }: Extract<MetricsResult, { ok: false }>,
  instance: string,
  region: string,
): ApiError {
  const message = explain(failure, instance, region);
  switch (failure.kind) {
    case "identity":
    case "clock":
    case "throttled":
    case "unavailable":
      return notNow(message, failure.retryAfter);
    case "timeout":
      return new ApiError(504, message);
    default:
      return new ApiError(502, message);
  }
}

/**
 * The metrics of a capture from the archive, as the API shows them. Should that be unreadable, CloudWatch is asked.
 * @throws ApiError 400 for a period that the archive does not have; 500 when neither can tell; as `readMetrics`
 */
export async function readArchivedMetrics(
  env: Env,
  subject: MetricsSubject,
  query: MetricsQuery,
  askCache: AskCache,
  now: number,
): Promise<MetricsReply> {
  const metrics = wanted(subject, query);
  let archive: Awaited<ReturnType<typeof decodeArchive>>;
  try {
    archive = await openArchive(env, subject.id, metrics);
  } catch (error) {
    log.error("capture.metrics.unreadable", { captureId: subject.id, ...describeError(error) });
    if (keptWindow(subject, now) !== null) return readMetrics(env, subject, query, askCache, now);
    if (isTransientFault(error)) throw error;
    throw refuseMetrics.metricsUnreadable();
  }
  const { header, columns } = archive;
  const { period } = chooseWindow(header, query.period, metrics.length, () => header.period, "archive");
  const shown = metrics.map((index, i) => {
    const column = columns[i];
    return show(index, column == null ? [] : aggregate(column, header, period));
  });
  const unknown = metrics.filter((_, i) => columns[i] === null).map((index) => metricAt(index).type);
  const notStored = unknown.length === 0 ? null : `Not stored for this capture: ${unknown.join(", ")}`;
  const incomplete = [header.incomplete, notStored].filter((text) => text !== null).join("; ") || null;
  return metricsReply(shown, "archive", period, incomplete);
}

async function openArchive(env: Env, captureId: number, metrics: readonly number[]) {
  const object = await env.BUCKET.get(archiveKey(captureId));
  if (object === null) throw new Unreadable("It is gone");
  return decodeArchive(object.body, captureId, metrics);
}

/** The metrics that a query asks for: all that the capture's instance has, unless it picks some. */
function wanted(subject: MetricsSubject, { type }: MetricsQuery): readonly number[] {
  const all = metricsOfInstance(subject);
  const foreign = type?.find((index) => !all.includes(index));
  if (foreign !== undefined) throw new ApiError(400, `type: ${unknownMetric(metricAt(foreign).type, all)}`);
  return type ?? all;
}

/** One metric as the API shows it. */
function show(index: number, series: MetricPoint[]): Metric {
  const { label, type, unit } = metricAt(index);
  const dataPoints = series.map(({ time, value }) => ({
    Timestamp: isoTime(time),
    Maximum: value,
    Unit: unit,
  }));
  return { label, type, displayName: type, dataPoints };
}

/**
 * A reply; what has to be said of it is in headers, since the body is the specification's.
 * @param period of the points, in seconds; null when there can't be any
 * @param incomplete what is missing, in words
 */
function metricsReply(
  metrics: Metric[],
  source: "cloudwatch" | "archive",
  period: number | null,
  incomplete: string | null,
): MetricsReply {
  const headers: Record<string, string> = { "X-Metrics-Source": source };
  if (period !== null) headers["X-Metrics-Period"] = String(period);
  if (incomplete !== null) headers["X-Metrics-Incomplete"] = incomplete;
  return { metrics, headers };
}
