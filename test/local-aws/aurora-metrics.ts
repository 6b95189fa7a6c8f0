/**
 * What instances of Aurora MySQL publish besides, or instead of, what those of RDS do: names and units are those of the Aurora User
 * Guide, "Instance-level metrics for Amazon Aurora" (`Count per second` there is CloudWatch's `Count/Second`, `Percentage` is
 * `Percent`). Not here are those that need something switched on (ActiveTransactions), and those of version 2 or of backtracking.
 * Nothing here imports Node: the tests run in workerd.
 */
import type { MetricDefinition } from "./metric-values.ts";

/** Which of a cluster's instances publish a metric, if not all do. */
type Only = "writer" | "reader" | "serverless" | "provisioned";

interface AuroraMetric extends MetricDefinition {
  only?: Only;
}

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** Statements per second of an instance whose load is 1. */
const MOST_QUERIES = 4_000;

const perSecond = (share: number): AuroraMetric => ({
  unit: "Count/Second",
  valueAt: ({ load, noise }) => MOST_QUERIES * share * load * (0.7 + 0.6 * noise),
});
/** How long something takes: slower the busier the instance is. */
const milliseconds = (least: number, most: number): AuroraMetric => ({
  unit: "Milliseconds",
  valueAt: ({ load, noise }) => least + most * load * load * load + 0.2 * least * noise,
});
const count = (most: number): AuroraMetric => ({
  unit: "Count",
  valueAt: ({ load, noise }) => Math.round(most * load * noise),
});
const throughput = (most: number): AuroraMetric => ({
  unit: "Bytes/Second",
  valueAt: ({ load, noise }) => Math.round(MIB * (0.02 + most * load * (0.7 + 0.6 * noise))),
});

/** Those of RDS's sixteen that Aurora publishes too: it has no FreeStorageSpace, BinLogDiskUsage and BurstBalance. */
const SHARED: readonly string[] = [
  "CPUUtilization",
  "ReadIOPS",
  "WriteIOPS",
  "FreeableMemory",
  "SwapUsage",
  "ReadThroughput",
  "WriteThroughput",
  "NetworkReceiveThroughput",
  "NetworkTransmitThroughput",
  "ReadLatency",
  "WriteLatency",
  "DatabaseConnections",
  "DiskQueueDepth",
];

/** Aurora's own, by CloudWatch's names. */
export const AURORA_METRICS: Readonly<Record<string, AuroraMetric>> = {
  AbortedClients: count(4),
  ACUUtilization: {
    unit: "Percent",
    valueAt: ({ load, noise }) => Math.min(100, 5 + 90 * load + 4 * noise),
    only: "serverless",
  },
  AuroraMemoryHealthState: { unit: "Count", valueAt: ({ load }) => (load > 0.97 ? 10 : 0) },
  AuroraReplicaLag: { ...milliseconds(8, 60), only: "reader" },
  AuroraReplicaLagMaximum: { ...milliseconds(9, 70), only: "writer" },
  AuroraReplicaLagMinimum: { ...milliseconds(7, 50), only: "writer" },
  AuroraSlowConnectionHandleCount: count(2),
  AuroraSlowHandshakeCount: count(3),
  BlockedTransactions: { unit: "Count/Second", valueAt: ({ load, noise }) => 3 * load * load * noise },
  BufferCacheHitRatio: {
    unit: "Percent",
    valueAt: ({ load, noise }) => Math.min(100, 99.95 - 4 * load * load - 0.3 * noise),
  },
  CommitLatency: milliseconds(2, 15),
  CommitThroughput: perSecond(0.08),
  ConnectionAttempts: count(120),
  DDLLatency: milliseconds(3, 40),
  DDLThroughput: perSecond(0.0005),
  Deadlocks: { unit: "Count/Second", valueAt: ({ load, noise }) => 0.02 * load * load * noise },
  DeleteLatency: milliseconds(0.3, 4),
  DeleteThroughput: perSecond(0.02),
  DMLLatency: milliseconds(0.35, 5),
  DMLThroughput: perSecond(0.16),
  EngineUptime: { unit: "Seconds", valueAt: ({ minute }) => (minute % 43_200) * 60 },
  FreeLocalStorage: {
    unit: "Bytes",
    valueAt: ({ load, noise }) => Math.round(30 * GIB - 6 * GIB * load - 64 * MIB * noise),
    only: "provisioned",
  },
  InsertLatency: milliseconds(0.3, 4),
  InsertThroughput: perSecond(0.08),
  LoginFailures: { unit: "Count/Second", valueAt: ({ load, noise }) => 0.05 * load * noise },
  NetworkThroughput: throughput(11),
  NumBinaryLogFiles: count(6),
  Queries: perSecond(1),
  RollbackSegmentHistoryListLength: {
    unit: "Count",
    valueAt: ({ load, noise }) => Math.round(200 + 9_000 * load * load * (0.5 + noise)),
  },
  RowLockTime: milliseconds(0, 400),
  SelectLatency: milliseconds(0.2, 9),
  SelectThroughput: perSecond(0.7),
  ServerlessDatabaseCapacity: {
    unit: "Count",
    valueAt: ({ load }) => Math.ceil(2 * (0.5 + 15.5 * load)) / 2,
    only: "serverless",
  },
  StorageNetworkReceiveThroughput: throughput(14),
  StorageNetworkThroughput: throughput(20),
  StorageNetworkTransmitThroughput: throughput(7),
  SumBinaryLogSize: {
    unit: "Bytes",
    valueAt: ({ minute, load }) => Math.round(128 * MIB * (0.1 + load) + GIB * ((minute % 720) / 720)),
  },
  TempStorageIOPS: { ...perSecond(0.02), only: "serverless" },
  TempStorageThroughput: { ...throughput(2), only: "serverless" },
  TransactionAgeMaximum: { unit: "Seconds", valueAt: ({ load, noise }) => Math.round(90 * load * noise) },
  UpdateLatency: milliseconds(0.4, 6),
  UpdateThroughput: perSecond(0.06),
};

/** Whether an instance of Aurora publishes a metric. */
export function publishesAurora(
  metricName: string,
  { role, isServerless }: { role: "writer" | "reader"; isServerless: boolean },
): boolean {
  if (SHARED.includes(metricName)) return true;
  if (!Object.hasOwn(AURORA_METRICS, metricName)) return false;
  switch (AURORA_METRICS[metricName]?.only) {
    case undefined:
      return true;
    case "serverless":
      return isServerless;
    case "provisioned":
      return !isServerless;
    case "writer":
      return role === "writer";
    case "reader":
      return role === "reader";
  }
}
