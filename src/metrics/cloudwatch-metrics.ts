import type { MetricSet } from "../environments/engines.ts";

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
 * The metrics of a capture of MySQL or MariaDB, in the order of every reply. CloudWatch's reply bears no unit, so the units are here
 * (RDS User Guide, "Amazon CloudWatch instance-level metrics for Amazon RDS").
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

/**
 * What Aurora MySQL publishes of an instance besides, as far as it says something about a workload (Aurora User Guide, "Amazon
 * CloudWatch metrics for Amazon Aurora", instance-level). Each metric that is asked for is charged, so the rest is left out: what is
 * a part of another here, such as InsertLatency of DMLLatency, what is off by default, and what concerns backups and billing.
 */
const AURORA_METRICS: readonly MetricKind[] = [
  metric("Queries", "QUERIES", "Count/Second"),
  metric("SelectThroughput", "SELECT THROUGHPUT", "Count/Second"),
  metric("SelectLatency", "SELECT LATENCY", "Milliseconds"),
  metric("DMLThroughput", "DML THROUGHPUT", "Count/Second"),
  metric("DMLLatency", "DML LATENCY", "Milliseconds"),
  metric("CommitThroughput", "COMMIT THROUGHPUT", "Count/Second"),
  metric("CommitLatency", "COMMIT LATENCY", "Milliseconds"),
  metric("BufferCacheHitRatio", "BUFFER CACHE HIT RATIO", "Percent"),
  metric("BlockedTransactions", "BLOCKED TRANSACTIONS", "Count/Second"),
  metric("Deadlocks", "DEADLOCKS", "Count/Second"),
  metric("RowLockTime", "ROW LOCK TIME", "Milliseconds"),
  metric("RollbackSegmentHistoryListLength", "ROLLBACK SEGMENT HISTORY LIST LENGTH", "Count"),
  // Of a reader; the writer has the maximum of its readers.
  metric("AuroraReplicaLag", "AURORA REPLICA LAG", "Milliseconds"),
  metric("AuroraReplicaLagMaximum", "AURORA REPLICA LAG MAXIMUM", "Milliseconds"),
  metric("FreeLocalStorage", "FREE LOCAL STORAGE", "Bytes"),
  metric("StorageNetworkReceiveThroughput", "STORAGE NETWORK RECEIVE THROUGHPUT", "Bytes/Second"),
  metric("StorageNetworkTransmitThroughput", "STORAGE NETWORK TRANSMIT THROUGHPUT", "Bytes/Second"),
  // Of instances of Aurora Serverless v2.
  metric("ServerlessDatabaseCapacity", "SERVERLESS DATABASE CAPACITY", "Count"),
  metric("ACUUtilization", "ACU UTILIZATION", "Percent"),
];

/** Those of the sixteen that an Aurora instance does not have: its storage and its binary log are the cluster's. */
const NOT_OF_AURORA: ReadonlySet<string> = new Set(["FreeStorageSpace", "BinLogDiskUsage", "BurstBalance"]);

/**
 * All metrics of all engines. An index of this list stands for a metric in questions to a Durable Object, of which the code may be
 * older or newer: so a new metric is added at the end. A stored archive that lacks one says so in the reply.
 */
export const ALL_METRICS: readonly MetricKind[] = [...METRICS, ...AURORA_METRICS];

/** The sets of metrics, each in the order of a reply: indexes of ALL_METRICS. */
const SETS = {
  rds: METRICS.map((_, index) => index),
  aurora: ALL_METRICS.flatMap(({ label }, index) => (NOT_OF_AURORA.has(label) ? [] : [index])),
} as const satisfies Record<MetricSet, readonly number[]>;

/** The metrics of a set, in the order of a reply: indexes of ALL_METRICS. */
export const metricsOf = (set: MetricSet): readonly number[] => SETS[set];

/** The metric with an index of ALL_METRICS. */
export function metricAt(index: number): MetricKind {
  const found = ALL_METRICS[index];
  if (found === undefined) throw new RangeError(`There is no metric ${index}`);
  return found;
}
