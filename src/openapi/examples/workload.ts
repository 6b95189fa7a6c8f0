import type {
  Workload,
  WorkloadAmazon,
  WorkloadDigest,
  WorkloadGroups,
  WorkloadSeries,
  WorkloadSpan,
  WorkloadTables,
} from "../../workload/replies.ts";
import type { WorkloadRecord, WorkloadRecords, WorkloadSession } from "../../workload/search/replies.ts";

/* Examples of a workload, of its statements and records, as the API would answer them. */

export const workload: Workload = {
  log: "general",
  minDuration: null,
  records: 1204,
  statements: 1190,
  commands: { Connect: 7, Query: 1190, Quit: 7 },
  bytes: 251_342,
  strayBytes: 0,
  storedBytes: 31_877,
  fragments: 1,
  firstRecord: "2026-11-23T08:45:28.204113Z",
  lastRecord: "2026-11-23T08:45:33.400927Z",
  gaps: [],
  gapCount: 0,
  logs: [
    {
      log: "general",
      records: 1204,
      statements: 1190,
      bytes: 251_342,
      strayBytes: 0,
      storedBytes: 31_877,
      fragments: 1,
      firstRecord: "2026-11-23T08:45:28.204113Z",
      lastRecord: "2026-11-23T08:45:33.400927Z",
      gapCount: 0,
    },
  ],
  timing: null,
  leftOut: { total: 12, users: [{ user: "rdsadmin", statements: 12 }] },
  redact: "secrets",
  digestVersion: 2,
  live: { behindBy: 2, problem: null },
};

export const digest: WorkloadDigest = {
  fingerprint: "8e1a6f0d5c3b2a47",
  digest: "SELECT * FROM orders WHERE id = ?",
  count: 640,
  overcount: 0,
  share: 0.5378,
  firstSeen: "2026-11-23T08:45:28.204113Z",
  lastSeen: "2026-11-23T08:45:33.400927Z",
  example: "SELECT * FROM orders WHERE id = 17",
  tables: { reads: ["orders"], writes: [] },
  examples: [
    {
      time: "2026-11-23T08:45:28.204113Z",
      user: "app",
      host: "10.0.0.7",
      db: "shop",
      durationMicros: null,
      statement: "SELECT * FROM orders WHERE id = 17",
    },
  ],
  sources: [{ user: "app", host: "10.0.0.7", db: "shop", count: 640 }],
  moreSources: 0,
  tags: [{ key: "action", value: "checkout", count: 12 }],
  moreTags: 0,
};

export const amazon: WorkloadAmazon = {
  total: 372,
  users: [
    { user: "rdsproxyadmin", statements: 360 },
    { user: "rdsadmin", statements: 12 },
  ],
  statements: [
    {
      user: "rdsproxyadmin",
      fingerprint: "5d1c0a7be2f84936",
      digest: "SELECT ?",
      count: 360,
      firstSeen: "2026-11-23T08:45:21.118402Z",
      lastSeen: "2026-11-23T09:45:11.402377Z",
    },
    {
      user: "rdsadmin",
      fingerprint: "c3a95e01d47b6f28",
      digest: "INSERT INTO mysql.rds_heartbeat2(id, value) values (?, ?) ON DUPLICATE KEY UPDATE value = ?",
      count: 12,
      firstSeen: "2026-11-23T08:46:02.000518Z",
      lastSeen: "2026-11-23T09:41:02.000731Z",
    },
  ],
  others: 0,
};

export const series: WorkloadSeries = {
  step: 10,
  points: [
    {
      time: "2026-11-23T08:45:20.000Z",
      statements: 412,
      timed: 412,
      totalMicros: 901_388,
      p50Micros: 612,
      p95Micros: 8140,
      p99Micros: 21_377,
      rowsExamined: 18_204,
      errors: 1,
    },
  ],
};

export const span: WorkloadSpan = {
  step: 10,
  from: "2026-11-23T08:45:20.000Z",
  to: "2026-11-23T08:45:30.000Z",
  whole: {
    statements: 412,
    timed: 412,
    totalMicros: 901_388,
    p50Micros: 612,
    p95Micros: 8140,
    p99Micros: 21_377,
    rowsExamined: 18_204,
    errors: 1,
  },
  statements: [
    {
      fingerprint: "8e1a6f0d5c3b2a47",
      since: "2026-11-23T08:45:20.000Z",
      statements: 320,
      timed: 320,
      totalMicros: 195_840,
      p50Micros: 608,
      p95Micros: 1190,
      p99Micros: 2204,
      rowsExamined: 320,
      errors: 0,
    },
  ],
};

const record: WorkloadRecord = {
  time: "2026-11-23T08:45:28.204113Z",
  threadId: 17,
  user: "app",
  host: "10.0.0.7",
  db: "shop",
  command: "Query",
  fingerprint: "8e1a6f0d5c3b2a47",
  statement: "SELECT * FROM orders WHERE id = 17 /*action='checkout'*/",
  tags: { action: "checkout" },
};

export const records: WorkloadRecords = {
  records: [record],
  next: "eyJ2IjoxLCJvZiI6Ikw4bTVJcVRmMG1CeCIsInMiOjAsImF0Ijo0NDM2MX0",
  missing: [],
};

export const workloadSession: WorkloadSession = {
  threadId: 17,
  log: "general",
  user: "app",
  host: "10.0.0.7",
  first: "2026-11-23T08:45:28.204113Z",
  last: "2026-11-23T08:45:28.204113Z",
  transactions: [
    {
      begin: "2026-11-23T08:45:28.204113Z",
      end: "2026-11-23T08:45:28.231870Z",
      statements: 3,
      durationMicros: 27_757,
      outcome: "commit",
    },
  ],
  records: [record],
  next: null,
  missing: [],
};

export const groups: WorkloadGroups = {
  groups: [{ name: "app", statements: 1100, overcount: 0, share: 0.9244 }],
  others: null,
  total: 1190,
  uncounted: 0,
};

export const tableGroups: WorkloadTables = {
  groups: [
    {
      name: "orders",
      statements: 640,
      overcount: 0,
      share: 0.5378,
      digests: 1,
      reads: 640,
      writes: 0,
    },
  ],
  others: null,
  total: 1190,
};
