import * as z from "zod";
import { once } from "../lib/values.ts";

/** One metric that RDS publishes to CloudWatch. */
export interface MetricKind {
  /** CloudWatch's name. */
  label: string;
  /** The API's. */
  type: string;
  unit: string;
}

const metric = (label: string, type: string, unit: string): MetricKind => ({ label, type, unit });

/**
 * The metrics of a capture, in the order of every reply. CloudWatch's reply bears no unit, so the units are here (RDS User
 * Guide, "Amazon CloudWatch instance-level metrics for Amazon RDS").
 */
export const METRICS: readonly MetricKind[] = [
  metric("CPUUtilization", "CPU UTILIZATION", "Percent"),
  metric("ReadIOPS", "READ IOPS", "Count/Second"),
  metric("WriteIOPS", "WRITE IOPS", "Count/Second"),
  metric("FreeableMemory", "FREEABLE MEMORY", "Bytes"),
  metric("FreeStorageSpace", "FREE STORAGE", "Bytes"),
  metric("SwapUsage", "SWAP USAGE", "Bytes"),
  metric("BinLogDiskUsage", "BIN LOG DISK USAGE", "Bytes"),
  metric("ReadThroughput", "READ THROUGHPUT", "Bytes/Second"),
  metric("WriteThroughput", "WRITE THROUGHPUT", "Bytes/Second"),
  metric("NetworkReceiveThroughput", "NETWORK RECEIVE THROUGHPUT", "Bytes/Second"),
  metric("NetworkTransmitThroughput", "NETWORK TRANSMIT THROUGHPUT", "Bytes/Second"),
  metric("ReadLatency", "READ LATENCY", "Seconds"),
  metric("WriteLatency", "WRITE LATENCY", "Seconds"),
  metric("DatabaseConnections", "DATABASE CONNECTIONS", "Count"),
  metric("DiskQueueDepth", "DISK QUEUE DEPTH", "Count"),
  metric("BurstBalance", "BURST BALANCE", "Percent"),
];

const metricTypeSchema = z.string().transform((text, ctx) => {
  const wanted = text.trim().toUpperCase();
  const index = METRICS.findIndex(({ type, label }) => type === wanted || label.toUpperCase() === wanted);
  if (index >= 0) return index;
  const known = METRICS.map(({ type }) => type).join(", ");
  ctx.addIssue({ code: "custom", message: `${JSON.stringify(text.slice(0, 40))} is not one of ${known}` });
  return z.NEVER;
});

/** The query of GET /api/captures/{id}/metrics. */
export const metricsQuerySchema = z.strictObject({
  type: z
    .array(metricTypeSchema)
    // In the order of METRICS and each once, however they were asked for.
    .transform((indexes) => [...new Set(indexes)].sort((a, b) => a - b))
    .optional(),
  period: once(
    z
      .string()
      .regex(/^\d{1,9}$/, "must be a number of seconds")
      .transform(Number)
      .refine((period) => period > 0 && period % 60 === 0, "must be a multiple of 60 seconds"),
  ),
});

/** Which metrics (indexes of METRICS), in which period (seconds). */
export type MetricsQuery = z.output<typeof metricsQuerySchema>;
