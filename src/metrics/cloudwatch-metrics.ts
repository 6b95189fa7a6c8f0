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
 *
 * A new one is a line here, and `npm run openapi`. A stored archive that lacks it says so in the reply.
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

/** The metric with an index of METRICS. */
export function metricAt(index: number): MetricKind {
  const found = METRICS[index];
  if (found === undefined) throw new RangeError(`There is no metric ${index}`);
  return found;
}

/** The indexes of all metrics. */
export const allMetrics = (): number[] => METRICS.map((_, index) => index);
