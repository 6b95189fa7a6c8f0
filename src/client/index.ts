import { linesOf } from "./lines.ts";
import { schedulesClient } from "./schedules.ts";
import { type Call, type CallOptions, type ClientOptions, Transport } from "./transport.ts";
import type {
  Capture,
  CaptureChanges,
  CaptureEvent,
  CaptureFilter,
  CapturePage,
  CheckedEnvironment,
  CompareQuery,
  Comparison,
  DigestQuery,
  DownloadQuery,
  Environment,
  EnvironmentChanges,
  ExternalId,
  FullCapture,
  FullEnvironment,
  InstanceList,
  InstancesOf,
  Invite,
  LiveMessage,
  Member,
  MemberRole,
  Metric,
  Metrics,
  MetricsQuery,
  MissingRecords,
  NewCapture,
  NewEnvironment,
  RecordsQuery,
  RemovedMember,
  ReportQuery,
  Role,
  SeriesQuery,
  SessionQuery,
  SpanQuery,
  StoredWorkloadRecord,
  TableQueries,
  TagsQuery,
  Workload,
  WorkloadAmazon,
  WorkloadDigest,
  WorkloadGroups,
  WorkloadRecord,
  WorkloadRecords,
  WorkloadSeries,
  WorkloadSession,
  WorkloadSpan,
  WorkloadTables,
} from "./types.ts";

export { CapturesError } from "./error.ts";
export type {
  CreateScheduleOptions,
  NewSchedule,
  Occurrences,
  Schedule,
  ScheduleChanges,
  ScheduleEvent,
  ScheduleFilter,
  ScheduleRule,
} from "./schedules.ts";
export type { CallOptions, ClientOptions } from "./transport.ts";
export type * from "./types.ts";

/** Options of the calls that make a capture or an environment. */
export interface CreateOptions extends CallOptions {
  /** The key of the request, so that sending it again makes no second one; a new key unless given. */
  idempotencyKey?: string | undefined;
}

/** Options of reading all records of a filter. */
export interface RecordsOptions extends CallOptions {
  /** Told of records that were stored and are lost, where the reading has passed them. */
  onMissing?: ((missing: MissingRecords) => void) | undefined;
}

/** A client of the API. Its calls answer with what the API does, or throw a `CapturesError`. */
export type Client = ReturnType<typeof createClient>;

/** Makes a client. It holds no connection, and need not be closed. */
export function createClient(options: ClientOptions) {
  const transport = new Transport(options);
  return {
    captures: captures(transport),
    environments: environments(transport),
    schedules: schedulesClient(transport),
    members: members(transport),
    invites: invites(transport),
  };
}

function captures(transport: Transport) {
  const one = (method: Call["method"], id: number, more = "", call: Partial<Call> = {}): Call => ({
    method,
    path: `/api/captures/${id}${more}`,
    ...call,
  });
  const page = async <C>(
    query: NonNullable<Call["query"]>,
    options?: CallOptions,
  ): Promise<CapturePage<C>> => {
    const { body, headers } = await transport.read<C[]>({
      method: "GET",
      path: "/api/captures",
      query,
      options,
    });
    const next = nextOf(headers);
    return { captures: body, next: next === null ? null : cursorIn(next) };
  };
  return {
    /** The captures of all your environments, or those that a filter picks, newest first, read a page at a time. */
    async *list(filter: CaptureFilter = {}, options?: CallOptions): AsyncGenerator<Capture, void, undefined> {
      let call: Call | null = { method: "GET", path: "/api/captures", query: filter, options };
      while (call !== null) {
        const page: { body: Capture[]; headers: Headers } = await transport.read(call);
        yield* page.body;
        const next = nextOf(page.headers);
        call = next === null ? null : { method: "GET", path: next, options };
      }
    },
    /** One page of that list, and the `cursor` of the next one: null when there is none. */
    page: (filter: CaptureFilter = {}, options?: CallOptions) => page<Capture>(filter, options),
    /** The same, each capture in full. */
    fullPage: (filter: CaptureFilter = {}, options?: CallOptions) =>
      page<FullCapture>({ ...filter, view: "full" }, options),
    /** Makes a capture. */
    create(capture: NewCapture, { idempotencyKey = crypto.randomUUID(), signal }: CreateOptions = {}) {
      const call: Call = {
        method: "POST",
        path: "/api/captures",
        json: capture,
        idempotencyKey,
        options: { signal },
      };
      return transport.json<Capture>(call);
    },
    /** Shows a capture. */
    get: (id: number, options?: CallOptions) => transport.json<Capture>(one("GET", id, "", { options })),
    /** Shows a capture with all that is known of it but its workload; also one that is deleted and can be brought back. */
    getFull: (id: number, options?: CallOptions) =>
      transport.json<FullCapture>(one("GET", id, "", { query: { view: "full" }, options })),
    /**
     * Shows a capture once its state is another than it was when this was called, or the time is over.
     * @param seconds at most 60
     */
    wait: (id: number, seconds: number, options?: CallOptions) =>
      transport.json<Capture>(one("GET", id, "", { query: { wait: seconds }, options })),
    /** Changes a capture's name, labels, notes, scheduled start or duration. */
    update: (id: number, changes: CaptureChanges, options?: CallOptions) =>
      transport.json<Capture>(one("PUT", id, "", { json: changes, options })),
    /** Changes a capture's name. */
    rename: (id: number, name: NonNullable<CaptureChanges["name"]>, options?: CallOptions) =>
      transport.json<Capture>(one("PUT", id, "", { json: { name } satisfies CaptureChanges, options })),
    /** Deletes a capture, and shows it as it was. */
    delete: (id: number, options?: CallOptions) =>
      transport.json<Capture>(one("DELETE", id, "", { options })),
    /** Stops a running capture. It is not retried if it may have been done: a 409 would not say by whom. */
    stop: (id: number, options?: CallOptions) =>
      transport.json<Capture>(one("POST", id, "/stop", { options })),
    /** Cancels a capture that does not run yet. Not retried if it may have been done, as a stop is not. */
    cancel: (id: number, options?: CallOptions) =>
      transport.json<Capture>(one("POST", id, "/cancel", { options })),
    /** Brings a deleted capture back. */
    restore: (id: number, options?: CallOptions) =>
      transport.json<Capture>(one("POST", id, "/restore", { options })),
    /** A capture's CloudWatch metrics. */
    async metrics(id: number, query: MetricsQuery = {}, options?: CallOptions): Promise<Metrics> {
      const call = one("GET", id, "/metrics", { query, options });
      const { body, headers } = await transport.read<Metric[]>(call);
      const period = headers.get("x-metrics-period");
      return {
        metrics: body,
        source: headers.get("x-metrics-source") as Metrics["source"],
        period: period === null ? null : Number(period),
        incomplete: headers.get("x-metrics-incomplete"),
      };
    },
    /** A capture's history, oldest first. */
    events: (id: number, options?: CallOptions) =>
      transport.json<CaptureEvent[]>(one("GET", id, "/events", { options })),
    /** A capture and its progress: what the first message of its WebSocket would be. */
    progress: (id: number, options?: CallOptions) =>
      transport.json<LiveMessage>(one("GET", id, "/live", { options })),
    /** What a capture recorded, in numbers. */
    workload: (id: number, options?: CallOptions) =>
      transport.json<Workload>(one("GET", id, "/workload", { options })),
    /** What was left out of a capture's workload because Amazon's own users ran it. */
    amazon: (id: number, options?: CallOptions) =>
      transport.json<WorkloadAmazon>(one("GET", id, "/workload/amazon", { options })),
    /** A capture's statements, normalised and counted, with how long they took where the slow log says it. */
    digest: (id: number, query: DigestQuery = {}, options?: CallOptions) =>
      transport.json<WorkloadDigest[]>(one("GET", id, "/workload/digest", { query, options })),
    /** One of a capture's statements, by its fingerprint. */
    statement: (id: number, fingerprint: string, options?: CallOptions) =>
      transport.json<WorkloadDigest>(
        one("GET", id, `/workload/digest/${encodeURIComponent(fingerprint)}`, { options }),
      ),
    /** A capture's figures by table. */
    tables: (id: number, options?: CallOptions) =>
      transport.json<WorkloadTables>(one("GET", id, "/workload/tables", { options })),
    /** A capture's figures by user. */
    users: (id: number, options?: CallOptions) =>
      transport.json<WorkloadGroups>(one("GET", id, "/workload/users", { options })),
    /** A capture's figures by host. */
    hosts: (id: number, options?: CallOptions) =>
      transport.json<WorkloadGroups>(one("GET", id, "/workload/hosts", { options })),
    /** A capture's figures by the values of a tag, or by the keys of tags. */
    tags: (id: number, query: TagsQuery = {}, options?: CallOptions) =>
      transport.json<WorkloadGroups>(one("GET", id, "/workload/tags", { query, options })),
    /** How a capture's workload, or one of its statements, went over time. */
    series: (id: number, query: SeriesQuery = {}, options?: CallOptions) =>
      transport.json<WorkloadSeries>(one("GET", id, "/workload/series", { query, options })),
    /** What ran in a part of a capture's time, and which statements. */
    span: (id: number, query: SpanQuery = {}, options?: CallOptions) =>
      transport.json<WorkloadSpan>(one("GET", id, "/workload/series/statements", { query, options })),
    /** What has changed in a capture since another one, the base. */
    compare: (id: number, base: number, query: CompareQuery = {}, options?: CallOptions) =>
      transport.json<Comparison>(
        one("GET", id, "/workload/compare", { query: { ...query, with: base }, options }),
      ),
    /** A report of a capture, as HTML or Markdown. */
    async report(id: number, query: ReportQuery = {}, options?: CallOptions): Promise<string> {
      return (await transport.send(one("GET", id, "/workload/report", { query, options }))).text();
    },
    /** A table of a capture's workload, as CSV. */
    async csv<Table extends keyof TableQueries>(
      id: number,
      table: Table,
      query: TableQueries[Table],
      options?: CallOptions,
    ): Promise<string> {
      const call = one("GET", id, `/workload/${table}`, { query: { ...query, format: "csv" }, options });
      return (await transport.send(call)).text();
    },
    /** The records that a filter picks, oldest or newest first, read a page at a time. What is missing is told to `onMissing`. */
    async *records(
      id: number,
      filter: RecordsQuery = {},
      { onMissing, ...options }: RecordsOptions = {},
    ): AsyncGenerator<WorkloadRecord, void, undefined> {
      let { cursor } = filter;
      do {
        const query = { ...filter, cursor };
        const call = one("GET", id, "/workload/records", { query, options });
        const page: WorkloadRecords = await transport.json<WorkloadRecords>(call);
        yield* page.records;
        for (const missing of page.missing) onMissing?.(missing);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
    },
    /** One page of them, and the `cursor` of the next one. */
    recordsPage: (id: number, query: RecordsQuery = {}, options?: CallOptions) =>
      transport.json<WorkloadRecords>(one("GET", id, "/workload/records", { query, options })),
    /** One page of what one connection did, and of its transactions. */
    session: (id: number, threadId: number, query: SessionQuery = {}, options?: CallOptions) =>
      transport.json<WorkloadSession>(one("GET", id, `/workload/sessions/${threadId}`, { query, options })),
    /**
     * All of a capture's records, or those of a time, in the order of the log, out of one download: as fast as they arrive, and in
     * little memory. What is missing is told to `onMissing`.
     */
    async *downloadRecords(
      id: number,
      query: Omit<DownloadQuery, "format"> = {},
      { onMissing, ...options }: RecordsOptions = {},
    ): AsyncGenerator<StoredWorkloadRecord, void, undefined> {
      const format = "ndjson";
      const call = one("GET", id, "/workload/download", { query: { ...query, format }, options });
      const { body } = await transport.send(call);
      if (body === null) return;
      for await (const line of linesOf(body)) {
        const read = JSON.parse(line) as StoredWorkloadRecord | { missing: MissingRecords };
        if ("missing" in read) onMissing?.(read.missing);
        else yield read;
      }
    },
    /** A capture's records as they are sent: a reply whose body streams, as the format says. */
    download: (id: number, query: DownloadQuery = {}, options?: CallOptions): Promise<Response> =>
      transport.send(one("GET", id, "/workload/download", { query, options })),
  };
}

/** Where the next page of a list is, as its reply links to it (RFC 8288); null when there is none. */
const nextOf = (headers: Headers): string | null =>
  /<([^>]+)>; *rel="next"/.exec(headers.get("link") ?? "")?.[1] ?? null;

/** The cursor of a page that a link leads to: a number where it is an id. */
function cursorIn(link: string): number | string {
  const cursor = new URL(link).searchParams.get("cursor") ?? "";
  return /^\d+$/.test(cursor) ? Number(cursor) : cursor;
}

function environments(transport: Transport) {
  const path = (id: number, more = "") => `/api/environments/${id}${more}`;
  return {
    /** Your environments. */
    list: (options?: CallOptions) =>
      transport.json<Environment[]>({ method: "GET", path: "/api/environments", options }),
    /** Asks for an external id for a role that is to be made, and for what else the role needs. */
    askForExternalId: (options?: CallOptions) =>
      transport.json<ExternalId>({ method: "POST", path: "/api/environments/external-id", options }),
    /** Makes an environment, once AWS has confirmed its instance. */
    create: (
      environment: NewEnvironment,
      { idempotencyKey = crypto.randomUUID(), signal }: CreateOptions = {},
    ) =>
      transport.json<FullEnvironment>({
        method: "POST",
        path: "/api/environments",
        json: environment,
        idempotencyKey,
        options: { signal },
      }),
    /** The instances that credentials reach in a region, to choose one of. Nothing of it is stored. */
    instances: (of: InstancesOf, options?: CallOptions) =>
      transport.json<InstanceList>({
        method: "POST",
        path: "/api/environments/instances",
        json: of,
        options,
      }),
    /** Shows an environment, and what was found when AWS was asked last. */
    get: (id: number, options?: CallOptions) =>
      transport.json<FullEnvironment>({ method: "GET", path: path(id), options }),
    /** Changes an environment. */
    update: (id: number, changes: EnvironmentChanges, options?: CallOptions) =>
      transport.json<FullEnvironment>({ method: "PUT", path: path(id), json: changes, options }),
    /** Deletes an environment, and shows it as it was. */
    delete: (id: number, options?: CallOptions) =>
      transport.json<FullEnvironment>({ method: "DELETE", path: path(id), options }),
    /** Asks AWS whether captures of it would work. */
    check: (id: number, options?: CallOptions) =>
      transport.json<CheckedEnvironment>({ method: "POST", path: path(id, "/check"), options }),
    /** Abandons what it owes to parameter groups. */
    abandon: (id: number, options?: CallOptions) =>
      transport.json<FullEnvironment>({ method: "POST", path: path(id, "/abandon"), options }),
  };
}

function members(transport: Transport) {
  const path = (envId: number, userId?: string) =>
    `/api/environments/${envId}/members${userId === undefined ? "" : `/${encodeURIComponent(userId)}`}`;
  return {
    /** Who belongs to an environment. */
    list: (envId: number, options?: CallOptions) =>
      transport.json<Member[]>({ method: "GET", path: path(envId), options }),
    /** Changes what a member may do. */
    setRole: (envId: number, userId: string, role: Role, options?: CallOptions) =>
      transport.json<MemberRole>({ method: "PUT", path: path(envId, userId), json: { role }, options }),
    /** Removes a member; yourself, to leave. */
    remove: (envId: number, userId: string, options?: CallOptions) =>
      transport.json<RemovedMember>({ method: "DELETE", path: path(envId, userId), options }),
  };
}

function invites(transport: Transport) {
  return {
    /** Makes an invite, whose code is shown once. */
    create: (envId: number, role: Role, options?: CallOptions) =>
      transport.json<Invite>({
        method: "POST",
        path: `/api/environments/${envId}/invites`,
        json: { role },
        options,
      }),
    /** Joins an environment. */
    accept: (code: string, options?: CallOptions) =>
      transport.json<Environment>({
        method: "POST",
        path: `/api/invites/${encodeURIComponent(code)}/accept`,
        options,
      }),
  };
}
