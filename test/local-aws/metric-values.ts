/**
 * The metrics of the local AWS: what an instance reports for a minute, as a pure function, so that a test can
 * compute what CloudWatch should answer. Nothing here imports Node: the tests run in workerd.
 */
import { AURORA_METRICS } from "./aurora-metrics.ts";
import { hashText, random } from "./random.ts";

/** How long after its minute began a point becomes visible, as with the real RDS, which publishes late. */
export const METRIC_DELAY_MS = 60_000;

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const MINUTES_PER_DAY = 1_440;

/** What a metric is computed from. */
interface Moment {
  /** Whole minutes since the epoch. */
  minute: number;
  /** How busy the instance is, above 0 and at most 1; one figure for all its metrics, so that they move together. */
  load: number;
  /** Jitter of this metric alone, 0 to 1. */
  noise: number;
}

/** One metric of CloudWatch's namespace AWS/RDS. */
export interface MetricDefinition {
  /** CloudWatch's name for the unit. */
  unit: string;
  valueAt(moment: Moment): number;
}

/** How full something is that fills evenly over a period and is then emptied: 0 to 1. */
function sawtooth(minute: number, periodMinutes: number): number {
  return (minute % periodMinutes) / periodMinutes;
}

const METRICS: Record<string, MetricDefinition> = {
  CPUUtilization: { unit: "Percent", valueAt: ({ load, noise }) => Math.min(100, 2 + 90 * load + 6 * noise) },
  ReadIOPS: { unit: "Count/Second", valueAt: ({ load, noise }) => 900 * load * (0.6 + 0.8 * noise) },
  WriteIOPS: { unit: "Count/Second", valueAt: ({ load, noise }) => 5 + 420 * load * (0.7 + 0.6 * noise) },
  FreeableMemory: {
    unit: "Bytes",
    valueAt: ({ load, noise }) => Math.round(4 * GIB * (0.62 - 0.4 * load - 0.03 * noise)),
  },
  FreeStorageSpace: {
    unit: "Bytes",
    valueAt: ({ minute, noise }) =>
      Math.round(100 * GIB * (0.8 - 0.5 * sawtooth(minute, 30 * MINUTES_PER_DAY)) - 64 * MIB * noise),
  },
  SwapUsage: {
    unit: "Bytes",
    valueAt: ({ load, noise }) => Math.round(MIB * (1 + 60 * load * load + 2 * noise)),
  },
  BinLogDiskUsage: {
    unit: "Bytes",
    valueAt: ({ minute, load }) => Math.round(128 * MIB * (0.1 + load) + 2 * GIB * sawtooth(minute, 720)),
  },
  ReadThroughput: {
    unit: "Bytes/Second",
    valueAt: ({ load, noise }) => Math.round(14 * MIB * load * (0.6 + 0.8 * noise)),
  },
  WriteThroughput: {
    unit: "Bytes/Second",
    valueAt: ({ load, noise }) => Math.round(MIB * (0.05 + 7 * load * (0.7 + 0.6 * noise))),
  },
  NetworkReceiveThroughput: {
    unit: "Bytes/Second",
    valueAt: ({ load, noise }) => Math.round(MIB * (0.01 + 2 * load * (0.7 + 0.6 * noise))),
  },
  NetworkTransmitThroughput: {
    unit: "Bytes/Second",
    valueAt: ({ load, noise }) => Math.round(MIB * (0.02 + 9 * load * (0.7 + 0.6 * noise))),
  },
  ReadLatency: {
    unit: "Seconds",
    valueAt: ({ load, noise }) => 0.0003 + 0.004 * load * load * load + 0.0002 * noise,
  },
  WriteLatency: {
    unit: "Seconds",
    valueAt: ({ load, noise }) => 0.0006 + 0.006 * load * load * load + 0.0003 * noise,
  },
  DatabaseConnections: {
    unit: "Count",
    valueAt: ({ load, noise }) => Math.round(4 + 110 * load + 8 * noise),
  },
  DiskQueueDepth: { unit: "Count", valueAt: ({ load, noise }) => 12 * load * load * load * (0.5 + noise) },
  BurstBalance: {
    unit: "Percent",
    valueAt: ({ load, noise }) => Math.min(100, Math.max(0, 106 - 70 * load * load - 3 * noise)),
  },
};

/** CloudWatch's names of the metrics that every instance of the local AWS has but those of Aurora, which have their own. */
export const METRIC_NAMES: readonly string[] = Object.keys(METRICS);

/** CloudWatch's names of the metrics that are Aurora's own; which instances have them, aurora-metrics.ts says. */
export const AURORA_METRIC_NAMES: readonly string[] = Object.keys(AURORA_METRICS);

/** The unit of a metric in CloudWatch's words, or undefined for a metric that does not exist. */
export function metricUnit(metricName: string): string | undefined {
  return definitionOf(metricName)?.unit;
}

/**
 * What an instance reports for one minute.
 * @param instanceId the DBInstanceIdentifier
 * @param metricName CloudWatch's name, such as `CPUUtilization`
 * @param minute whole minutes since the epoch: `Math.floor(epochMs / 60_000)`
 * @returns the value in `metricUnit(metricName)`, or undefined for a metric that does not exist
 */
export function metricValue(instanceId: string, metricName: string, minute: number): number | undefined {
  return metricSeries(instanceId, metricName)?.(minute);
}

/** `metricValue` for many minutes: what does not depend on the minute is computed once. */
export function metricSeries(
  instanceId: string,
  metricName: string,
): ((minute: number) => number) | undefined {
  const definition = definitionOf(metricName);
  if (definition === undefined) return undefined;
  const instanceSeed = hashText(instanceId);
  const metricSeed = hashText(`${instanceId}/${metricName}`);
  return (minute) =>
    definition.valueAt({ minute, load: loadAt(instanceSeed, minute), noise: random(metricSeed, minute) });
}

function definitionOf(metricName: string): MetricDefinition | undefined {
  if (Object.hasOwn(METRICS, metricName)) return METRICS[metricName];
  return Object.hasOwn(AURORA_METRICS, metricName) ? AURORA_METRICS[metricName] : undefined;
}

/** A daily rhythm with its peak at an hour of the instance's own, smooth drift, jitter, and now and then a burst. */
function loadAt(seed: number, minute: number): number {
  const peakMinute = random(seed, -1) * MINUTES_PER_DAY;
  const cosine = Math.cos((2 * Math.PI * (minute - peakMinute)) / MINUTES_PER_DAY);
  // Two builds of V8, Node's and workerd's, need not agree on its last bit.
  const daily = 0.5 + 0.5 * (Math.round(cosine * 1e9) / 1e9);
  const drift = smoothRandom(seed, minute, 15);
  const jitter = random(seed, minute);
  return Math.min(1, 0.04 + 0.4 * daily + 0.15 * drift + 0.06 * jitter + 0.35 * burstAt(seed, minute));
}

/** One half hour in eight has a burst of 3 to 10 minutes: 1 at its beginning, then fading to 0. */
function burstAt(seed: number, minute: number): number {
  const slotMinutes = 30;
  const slot = Math.floor(minute / slotMinutes);
  const burstSeed = seed ^ 0x5bd1e995;
  if (random(burstSeed, slot * 3) >= 1 / 8) return 0;
  const length = 3 + Math.floor(random(burstSeed, slot * 3 + 1) * 8);
  const start = Math.floor(random(burstSeed, slot * 3 + 2) * (slotMinutes - length));
  const elapsed = minute - slot * slotMinutes - start;
  return elapsed >= 0 && elapsed < length ? 1 - elapsed / length : 0;
}

/** Random values at every `stepMinutes`, joined by straight lines. */
function smoothRandom(seed: number, minute: number, stepMinutes: number): number {
  const step = Math.floor(minute / stepMinutes);
  const fraction = minute / stepMinutes - step;
  const stepSeed = seed ^ 0x27d4eb2f;
  return random(stepSeed, step) * (1 - fraction) + random(stepSeed, step + 1) * fraction;
}
