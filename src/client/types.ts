import type * as z from "zod";
import type { auditQuerySchema } from "../audit/schema.ts";
import type { eraseSchema } from "../captures/erase-schema.ts";
import type { InitialStatus } from "../captures/plan.ts";
import type { Capture } from "../captures/replies.ts";
import type * as captures from "../captures/schema.ts";
import type { erasureBodySchema, erasureQuerySchema } from "../environments/erasure-schema.ts";
import type * as environments from "../environments/schema.ts";
import type { healthSchema } from "../http/replies.ts";
import type { Metric } from "../metrics/replies.ts";
import type { metricsQuerySchema } from "../metrics/schema.ts";
import type { compareQuerySchema } from "../workload/compare/schema.ts";
import type { reportQuerySchema } from "../workload/report/schema.ts";
import type * as workload from "../workload/schema.ts";
import type * as search from "../workload/search/schema.ts";
import type { StoredRecord } from "../workload/stored/fragment-line.ts";
import type { StoredSlowRecord } from "../workload/stored/slow-line.ts";

/*
 * What the client sends and answers with: the types of the schemas that validate requests and describe replies, so that neither
 * can be another than the API's.
 */

/** A state of a capture. */
export type CaptureStatus = Capture["status"];

/** The service and its database answer. */
export type Health = z.output<typeof healthSchema>;

/** One spelling of an object type, for the hints of editors. */
type Shown<T> = { [Key in keyof T]: T[Key] } & {};

export type { Capture, CaptureEvent, FullCapture, LiveMessage } from "../captures/replies.ts";
export type { Role } from "../db/roles.ts";
export type { Check } from "../environments/preflight/checks.ts";
export type { InstanceList, ListedInstance } from "../environments/preflight/replies.ts";
export type {
  CaptureErasure,
  CheckedEnvironment,
  Environment,
  EnvironmentErasure,
  ExternalId,
  FullEnvironment,
  Invite,
  Member,
  MemberRole,
  OpenInvite,
  RemovedMember,
  RevokedInvite,
  SeenInvite,
} from "../environments/replies.ts";
export type { Metric } from "../metrics/replies.ts";
export type { ComparedRun, ComparedSide, Comparison, ShownStatement } from "../workload/compare/replies.ts";
export type {
  Workload,
  WorkloadAmazon,
  WorkloadDigest,
  WorkloadGroups,
  WorkloadSeries,
  WorkloadSpan,
  WorkloadTables,
} from "../workload/replies.ts";
export type {
  MissingRecords,
  WorkloadRecord,
  WorkloadRecords,
  WorkloadSession,
} from "../workload/search/replies.ts";

/** What a query of the API may say: all of it may be absent. */
type Query<Schema extends z.ZodType> = {
  [Key in keyof z.output<Schema>]?: z.output<Schema>[Key] | undefined;
};

/** A moment, as a Date or as text that the API reads. */
export type Moment = Date | string;

type Times = "start" | "scheduledStart";
type CaptureFields = z.input<ReturnType<typeof captures.createSchema>>;
/** A capture to make. */
export type NewCapture = Shown<
  Omit<CaptureFields, "end" | "status" | Times> & {
    status?: InitialStatus | null;
    start?: Moment | null;
    scheduledStart?: Moment | null;
  }
>;
/** What to change of a capture; what is absent stays. `duration` in seconds, null to run until it is stopped. */
export type CaptureChanges = Shown<
  Omit<z.input<ReturnType<typeof captures.changeSchema>>, "scheduledStart"> & { scheduledStart?: Moment }
>;
type FilterFields = Omit<Query<ReturnType<typeof captures.listSchema>>, "view">;
/** Which captures to list, in which order; `limit` is the size of a page, not of the list. */
export type CaptureFilter = {
  [Key in keyof FilterFields]: Key extends "from" | "to" ? Moment | undefined : FilterFields[Key];
};

/** A page of captures, and the `cursor` of the next one: null when there is none. A number where it is an id. */
export interface CapturePage<C = Capture> {
  captures: C[];
  next: number | string | null;
}

/** Which metrics, by the API's names or CloudWatch's, and in which period, in seconds. */
export type MetricsQuery = {
  [Key in keyof z.output<ReturnType<typeof metricsQuerySchema>>]?: Key extends "type" ? string[] : number;
};
/** Metrics, and what is said of them. */
export interface Metrics {
  metrics: Metric[];
  /** `archive` is final; `cloudwatch` may still grow. */
  source: "cloudwatch" | "archive";
  /** Seconds from one point to the next; null when there can't be any points. */
  period: number | null;
  /** What is missing, in words; null when nothing is. */
  incomplete: string | null;
}

/** A query of a table, whose format the call decides. */
type TableQuery<Schema extends z.ZodType> = Omit<Query<Schema>, "format">;

/** Which statements of a digest, how many, and in which order; `cursor` is the fingerprint of the last one before. */
export type DigestQuery = TableQuery<ReturnType<typeof workload.digestQuerySchema>>;
/** Which tag, by its key; the keys themselves if absent. */
export type TagsQuery = TableQuery<ReturnType<typeof workload.tagsQuerySchema>>;
/** In which steps, and of which statement. */
export type SeriesQuery = TableQuery<ReturnType<typeof workload.seriesQuerySchema>>;
type SpanFields = TableQuery<ReturnType<typeof workload.spanQuerySchema>>;
/** Which part of a capture's time: `from` is included, `to` is not. */
export type SpanQuery = { [Key in keyof SpanFields]: Moment | undefined };
/** How to compare, and where a list goes on: one of `next` is its `cursor`. */
export type CompareQuery = Omit<TableQuery<ReturnType<typeof compareQuerySchema>>, "with">;
/** What a report is to be, and what it compares with. */
export type ReportQuery = Query<ReturnType<typeof reportQuerySchema>>;
/** The tables of a workload that can be had as CSV, with what can be asked of each. */
export interface TableQueries {
  digest: DigestQuery;
  tables: Record<never, never>;
  users: Record<never, never>;
  hosts: Record<never, never>;
  tags: TagsQuery;
  series: SeriesQuery;
  "series/statements": SpanQuery;
  compare: Omit<CompareQuery, "limit" | "cursor"> & { with: number };
}
/** What a query of the API may say, with moments for times: `from` is included, `to` is not. */
type QueryInTime<Schema extends z.ZodType> = Shown<
  Omit<Query<Schema>, "from" | "to"> & { from?: Moment | undefined; to?: Moment | undefined }
>;
/** Which records to download, and how. */
export type DownloadQuery = QueryInTime<ReturnType<typeof workload.downloadQuerySchema>>;
/** A record of a download, of the general log or the slow one. Captures of long ago have no fingerprints in it. */
export type StoredWorkloadRecord = StoredRecord | StoredSlowRecord;
/** Which records to find; `limit` is the size of a page. */
export type RecordsQuery = QueryInTime<ReturnType<typeof search.recordsQuerySchema>>;
/** Which records of a session. */
export type SessionQuery = QueryInTime<ReturnType<typeof search.sessionQuerySchema>>;

/** Which events: who did them, what was done, to which capture, and when; `limit` is the size of a page. */
export type AuditFilter = Omit<QueryInTime<ReturnType<typeof auditQuerySchema>>, "format" | "cursor">;

/** An environment to make. */
export type NewEnvironment = z.input<ReturnType<typeof environments.createSchema>>;
/** Which instances to list: those that credentials reach in a region. */
export type InstancesOf = z.input<ReturnType<typeof environments.instancesSchema>>;
/** What to change of an environment; what is absent stays. */
export type EnvironmentChanges = z.input<ReturnType<typeof environments.updateSchema>>;
/** What to erase of an environment. */
export type ErasureRequest = z.input<ReturnType<typeof erasureBodySchema>>;
/** Which captures' erasures to list: those with a greater id than `after`, the `next` of the page before. */
export type ErasureQuery = Query<ReturnType<typeof erasureQuerySchema>>;
/** What to erase of a capture: its workload, and its metrics unless it says otherwise. */
export type CaptureErasureRequest = z.input<ReturnType<typeof eraseSchema>>;
