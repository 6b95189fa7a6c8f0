import { type AwsResult, awsTarget } from "../aws/client.ts";
import { getMetricData, type MetricPoint } from "../aws/cloudwatch.ts";
import type { CaptureTarget } from "../captures/reads.ts";
import type { Env } from "../env.ts";
import { askAs } from "../environments/credentials.ts";
import { explain } from "../environments/instance.ts";
import { ApiError } from "../http/refusals.ts";
import { describeError, log } from "../lib/log.ts";
import { isoTime } from "../lib/values.ts";
import type { Metric } from "./replies.ts";
import { METRICS, type MetricKind, type MetricsQuery } from "./schema.ts";

/** What GET /api/captures/{id}/metrics answers. */
export interface MetricsReply {
  metrics: Metric[];
  headers: Record<string, string>;
}

/**
 * A reply and what has to be said of it, in headers since the body is the specification's.
 * @param period of the points, in seconds; null when there can't be any
 * @param incomplete what is missing, in words
 */
export function metricsReply(
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

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** What CloudWatch is to be asked, times in milliseconds. */
export interface MetricsWindow {
  start: number;
  end: number;
  /** Seconds. */
  period: number;
}

/** How long CloudWatch keeps points of a period (seconds): CloudWatch User Guide, "Metrics retention". */
const RETENTION = [
  { period: 60, keptMs: 15 * DAY_MS },
  { period: 300, keptMs: 63 * DAY_MS },
  { period: 3600, keptMs: 455 * DAY_MS },
] as const;
const KEPT_AT_MOST_MS = 455 * DAY_MS;
/** The most points that a metric has unless another period is asked for: a day of minutes. */
const MAX_POINTS = 1440;
/** The most points of all metrics of one reply: what one page of GetMetricData can hold. */
const MAX_REPLY_POINTS = 100_800;

/**
 * The window and period to ask CloudWatch for: the capture's, widened to whole periods, so that a short capture still has
 * points; no further back than CloudWatch keeps anything.
 * @returns null when there can't be any points: before the start, or when CloudWatch has forgotten all of it
 * @throws ApiError 400 for a period that CloudWatch does not have any more, or that makes too many points
 */
export function metricsWindow(
  capture: Pick<CaptureTarget, "start" | "end">,
  period: number | undefined,
  metrics: number,
  now: number,
): MetricsWindow | null {
  const kept = keptPart(capture, now);
  return kept && chooseWindow(kept, period, metrics, finestAt(now), "CloudWatch has this capture's metrics");
}

/** The capture's window as CloudWatch still has it, in the smallest period that it has for all of it; null when it has none. */
export function keptWindow(capture: Pick<CaptureTarget, "start" | "end">, now: number): MetricsWindow | null {
  const kept = keptPart(capture, now);
  if (kept === null) return null;
  const windows = RETENTION.map(({ period }) => align(kept.start, kept.end, period));
  return windows.find(({ start, period }) => period % finestAt(now)(start) === 0) ?? windows.at(-1) ?? null;
}

/**
 * The window in which a capture's metrics are asked for to answer whatever is asked of them, in the smallest period that
 * CloudWatch has: periods of up to a day are whole in it, those through which the capture's start and end run among them. Of
 * longer ones it has no more than a day before and after the capture; nothing from before CloudWatch's points of its period.
 * @returns null when CloudWatch has none
 */
export function baseWindow(capture: Pick<CaptureTarget, "start" | "end">, now: number): MetricsWindow | null {
  const kept = keptPart(capture, now);
  if (kept === null) return null;
  const period = finestAt(now)(floor(kept.start, MINUTE_MS));
  const first = floor(kept.start, period * 1000);
  const dayBefore = floor(kept.start - DAY_MS, period * 1000);
  const oldest = RETENTION.find((kind) => kind.period === period)?.keptMs ?? KEPT_AT_MOST_MS;
  // As in `finestAt`, and a period more, since it is asked for later than now.
  const stillThere = floor(now + MINUTE_MS - oldest, period * 1000) + 2 * period * 1000;
  return align(Math.min(first, Math.max(dayBefore, stillThere)), Math.min(kept.end + DAY_MS, now), period);
}

function keptPart(
  capture: Pick<CaptureTarget, "start" | "end">,
  now: number,
): { start: number; end: number } | null {
  const end = capture.end ?? now;
  if (capture.start === null || end <= now - KEPT_AT_MOST_MS) return null;
  // A period's length of grace, or the oldest period would be gone by the time it is asked for.
  return { start: Math.max(capture.start, now - KEPT_AT_MOST_MS + 3_600_000), end };
}

/**
 * The window to show: in the period that was asked for, or else the smallest that makes no more than 1,440 points of a metric.
 * @param finestPeriod the period (seconds) of the finest points that there are of a time
 * @param whose who has them, for the message of a refusal
 * @throws ApiError 400 for a period that is no multiple of the finest, or that makes too many points
 */
export function chooseWindow(
  { start, end }: { start: number; end: number },
  period: number | undefined,
  metrics: number,
  finestPeriod: (time: number) => number,
  whose: string,
): MetricsWindow {
  if (period === undefined) {
    const step = finestPeriod(floor(start, MINUTE_MS));
    let window = align(start, end, step);
    while (points(window) > MAX_POINTS || window.period % finestPeriod(window.start) !== 0) {
      window = align(start, end, window.period + step);
    }
    return window;
  }
  const window = align(start, end, period);
  // Whole periods begin before the capture does, where CloudWatch may have coarser points only.
  const finest = finestPeriod(window.start);
  if (period % finest !== 0) {
    throw new ApiError(400, `period: ${whose} in multiples of ${finest} seconds only`);
  }
  if (points(window) * metrics > MAX_REPLY_POINTS) {
    throw new ApiError(
      400,
      `period: makes more than ${MAX_REPLY_POINTS} points; ask for a longer period or fewer types`,
    );
  }
  return window;
}

/** The period (seconds) of the finest points that CloudWatch still has of a time, and will have when it is asked. */
const finestAt =
  (now: number) =>
  (time: number): number =>
    RETENTION.find(({ keptMs }) => now + MINUTE_MS - time < keptMs)?.period ?? 3600;

function align(start: number, end: number, period: number): MetricsWindow {
  const periodMs = period * 1000;
  const first = floor(start, periodMs);
  const last = Math.ceil(end / periodMs) * periodMs;
  return { start: first, end: Math.max(last, first + periodMs), period };
}

const floor = (time: number, step: number): number => Math.floor(time / step) * step;
/** How many points of a metric a window has room for. */
export const points = ({ start, end, period }: MetricsWindow): number => (end - start) / (period * 1000);

/** Says that CloudWatch has forgotten the beginning of a window, if it has; null when the window is whole. */
export function forgotten(
  capture: Pick<CaptureTarget, "start">,
  window: MetricsWindow | null,
): string | null {
  if (capture.start === null) return null;
  if (window === null) return "CloudWatch has forgotten all of it";
  return window.start <= capture.start
    ? null
    : `CloudWatch has forgotten all before ${isoTime(window.start)}`;
}

/** A question of one capture's metrics that can be put to AWS. */
export interface MetricsRequest {
  target: Pick<CaptureTarget, "envId" | "region" | "instance" | "credentials">;
  window: MetricsWindow;
  /** Indexes of METRICS. */
  metrics: number[];
}

/** Asks CloudWatch. */
export async function fetchMetrics(
  env: Env,
  request: MetricsRequest,
  now: number,
): Promise<AwsResult<MetricPoint[][]>> {
  const { target, window, metrics } = request;
  const { region, instance } = target;
  const labels = metrics.map((index) => kind(index).label);
  return askAs(env, target, now, (keys) =>
    getMetricData(awsTarget(env, region), keys, { instance, metrics: labels, ...window }),
  );
}

/** A question that the capture's runner answers from what it has asked CloudWatch for. */
export interface CachedRequest extends MetricsRequest {
  capture: Pick<CaptureTarget, "start" | "end">;
}

/** Asks the capture's runner, which remembers; or CloudWatch, should the runner be away: it is not needed to answer. */
async function fetchCached(
  env: Env,
  captureId: number,
  request: CachedRequest,
  now: number,
): Promise<AwsResult<MetricPoint[][]>> {
  try {
    return await env.CAPTURE_RUNNER.getByName(String(captureId)).metrics(request);
  } catch (error) {
    log.warn("capture.metrics.uncached", { captureId, ...describeError(error) });
    return fetchMetrics(env, request, now);
  }
}

/** The metrics that a query asks for: all unless it picks some. */
export function wanted(query: MetricsQuery): number[] {
  return query.type ?? METRICS.map((_, index) => index);
}

/**
 * The metrics of a capture as CloudWatch has them, as the API shows them.
 * @throws ApiError 502 when AWS refuses, 503 when it throttles or fails, 504 when it does not answer in time
 */
export async function readMetrics(
  env: Env,
  capture: CaptureTarget,
  query: MetricsQuery,
  now: number,
): Promise<MetricsReply> {
  const metrics = wanted(query);
  const window = metricsWindow(capture, query.period, metrics.length, now);
  const incomplete = forgotten(capture, window);
  if (window === null) {
    const none = metrics.map((index) => show(index, []));
    return metricsReply(none, "cloudwatch", null, incomplete);
  }
  const { id, envId, region, instance, credentials, start, end } = capture;
  const target = { envId, region, instance, credentials };
  const result = await fetchCached(env, id, { target, capture: { start, end }, window, metrics }, now);
  if (result.ok) {
    const shown = metrics.map((index, i) => show(index, result.value[i] ?? []));
    return metricsReply(shown, "cloudwatch", window.period, incomplete);
  }
  const message = explain(result.failure, instance, region);
  switch (result.failure.kind) {
    case "clock":
    case "throttled":
    case "unavailable":
      throw new ApiError(503, message, { "Retry-After": String(result.failure.retryAfter ?? 5) });
    case "timeout":
      throw new ApiError(504, message);
    default:
      throw new ApiError(502, message);
  }
}

/** One metric as the API shows it. */
export function show(index: number, series: MetricPoint[]): Metric {
  const { label, type, unit } = kind(index);
  const dataPoints = series.map(({ time, value }) => ({
    Timestamp: isoTime(time),
    Maximum: value,
    Unit: unit,
  }));
  return { label, type, displayName: type, dataPoints };
}

function kind(index: number): MetricKind {
  const found = METRICS[index];
  if (found === undefined) throw new RangeError(`There is no metric ${index}`);
  return found;
}
