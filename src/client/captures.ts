import { linesOf } from "./lines.ts";
import { nextOf } from "./next-page.ts";
import type { Call, CallOptions, CreateOptions, Transport } from "./transport.ts";
import type {
  Capture,
  CaptureChanges,
  CaptureErasure,
  CaptureErasureRequest,
  CaptureEvent,
  CaptureFilter,
  CapturePage,
  CaptureStatus,
  CompareQuery,
  Comparison,
  DigestQuery,
  DownloadQuery,
  FullCapture,
  LiveMessage,
  Metric,
  Metrics,
  MetricsQuery,
  MissingRecords,
  NewCapture,
  RecordsQuery,
  ReportQuery,
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
import { type WaitOptions, waitUntil, watch } from "./watch.ts";

/** Options of reading all records of a filter. */
export interface RecordsOptions extends CallOptions {
  /** Told of records that were stored and are lost, where the reading has passed them. */
  onMissing?: ((missing: MissingRecords) => void) | undefined;
}

/** Captures, and what they recorded. */
export function captures(transport: Transport) {
  const path = (id: number, more = "") => `/api/captures/${id}${more}`;
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
  const download = (id: number, query: DownloadQuery, options?: CallOptions) =>
    transport.send({ method: "GET", path: path(id, "/workload/download"), query, options });
  return {
    /** The captures of all your environments, or those that a filter picks, newest first, read a page at a time. */
    list: (filter: CaptureFilter = {}, options?: CallOptions) =>
      transport.list<Capture>("/api/captures", filter, options),
    /** One page of that list, and the `cursor` of the next one: null when there is none. */
    page: (filter: CaptureFilter = {}, options?: CallOptions) => page<Capture>(filter, options),
    /** The same, each capture in full. */
    fullPage: (filter: CaptureFilter = {}, options?: CallOptions) =>
      page<FullCapture>({ ...filter, view: "full" }, options),
    /** Makes a capture. */
    create: (capture: NewCapture, options?: CreateOptions) =>
      transport.create<Capture>("/api/captures", capture, options),
    /** Shows a capture. */
    get: (id: number, options?: CallOptions) => transport.get<Capture>(path(id), options),
    /** Shows a capture with all that is known of it but its workload; also one that is deleted and can be brought back. */
    getFull: (id: number, options?: CallOptions) =>
      transport.get<FullCapture>(path(id), options, { view: "full" }),
    /**
     * Shows a capture once its state is another than it was when this was called, or the time is over.
     * @param seconds at most 60
     */
    wait: (id: number, seconds: number, options?: CallOptions) =>
      transport.get<Capture>(path(id), options, { wait: seconds }),
    /** Changes a capture's name, labels, notes, scheduled start or duration. */
    update: (id: number, changes: CaptureChanges, options?: CallOptions) =>
      transport.change<Capture>("PUT", path(id), options, changes),
    /** Changes a capture's name. */
    rename: (id: number, name: NonNullable<CaptureChanges["name"]>, options?: CallOptions) =>
      transport.change<Capture>("PUT", path(id), options, { name } satisfies CaptureChanges),
    /** Deletes a capture, and shows it as it was. */
    delete: (id: number, options?: CallOptions) => transport.change<Capture>("DELETE", path(id), options),
    /** Stops a running capture. It is not retried if it may have been done: a 409 would not say by whom. */
    stop: (id: number, options?: CallOptions) =>
      transport.change<Capture>("POST", path(id, "/stop"), options),
    /** Cancels a capture that does not run yet. Not retried if it may have been done, as a stop is not. */
    cancel: (id: number, options?: CallOptions) =>
      transport.change<Capture>("POST", path(id, "/cancel"), options),
    /** Brings a deleted capture back. */
    restore: (id: number, options?: CallOptions) =>
      transport.change<Capture>("POST", path(id, "/restore"), options),
    /** Erases what a capture has recorded; the capture itself stays. It can't be undone. */
    erase: (id: number, request: CaptureErasureRequest = {}, options?: CallOptions) =>
      transport.change<CaptureErasure>("POST", path(id, "/erase"), options, request),
    /** A capture's CloudWatch metrics. */
    async metrics(id: number, query: MetricsQuery = {}, options?: CallOptions): Promise<Metrics> {
      const call: Call = { method: "GET", path: path(id, "/metrics"), query, options };
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
      transport.get<CaptureEvent[]>(path(id, "/events"), options),
    /** A capture and its progress: what the first message of its WebSocket would be. */
    progress: (id: number, options?: CallOptions) => transport.get<LiveMessage>(path(id, "/live"), options),
    /**
     * Follows a capture until it has ended: as it is at first, and then whenever there is something new. By its WebSocket, and by
     * requests where that can't be opened, or breaks. A signal, or who stops reading, ends it.
     */
    watch: (id: number, options?: CallOptions) => watch(transport, id, options),
    /**
     * Waits until a capture is in a state or a later one, and shows it.
     * @throws CaptureEndedError when it has failed, or ended otherwise, before
     */
    waitUntil: (id: number, status: CaptureStatus, options?: WaitOptions) =>
      waitUntil(transport, id, status, options),
    /** What a capture recorded, in numbers. */
    workload: (id: number, options?: CallOptions) => transport.get<Workload>(path(id, "/workload"), options),
    /** What was left out of a capture's workload because Amazon's own users ran it. */
    amazon: (id: number, options?: CallOptions) =>
      transport.get<WorkloadAmazon>(path(id, "/workload/amazon"), options),
    /** A capture's statements, normalised and counted, with how long they took where the slow log says it. */
    digest: (id: number, query: DigestQuery = {}, options?: CallOptions) =>
      transport.get<WorkloadDigest[]>(path(id, "/workload/digest"), options, query),
    /** One of a capture's statements, by its fingerprint. */
    statement: (id: number, fingerprint: string, options?: CallOptions) =>
      transport.get<WorkloadDigest>(path(id, `/workload/digest/${encodeURIComponent(fingerprint)}`), options),
    /** A capture's figures by table. */
    tables: (id: number, options?: CallOptions) =>
      transport.get<WorkloadTables>(path(id, "/workload/tables"), options),
    /** A capture's figures by user. */
    users: (id: number, options?: CallOptions) =>
      transport.get<WorkloadGroups>(path(id, "/workload/users"), options),
    /** A capture's figures by host. */
    hosts: (id: number, options?: CallOptions) =>
      transport.get<WorkloadGroups>(path(id, "/workload/hosts"), options),
    /** A capture's figures by the values of a tag, or by the keys of tags. */
    tags: (id: number, query: TagsQuery = {}, options?: CallOptions) =>
      transport.get<WorkloadGroups>(path(id, "/workload/tags"), options, query),
    /** How a capture's workload, or one of its statements, went over time. */
    series: (id: number, query: SeriesQuery = {}, options?: CallOptions) =>
      transport.get<WorkloadSeries>(path(id, "/workload/series"), options, query),
    /** What ran in a part of a capture's time, and which statements. */
    span: (id: number, query: SpanQuery = {}, options?: CallOptions) =>
      transport.get<WorkloadSpan>(path(id, "/workload/series/statements"), options, query),
    /** What has changed in a capture since another one, the base. */
    compare: (id: number, base: number, query: CompareQuery = {}, options?: CallOptions) =>
      transport.get<Comparison>(path(id, "/workload/compare"), options, { ...query, with: base }),
    /** A report of a capture, as HTML or Markdown. */
    report: (id: number, query: ReportQuery = {}, options?: CallOptions) =>
      transport.text(path(id, "/workload/report"), options, query),
    /** A table of a capture's workload, as CSV. */
    csv: <Table extends keyof TableQueries>(
      id: number,
      table: Table,
      query: TableQueries[Table],
      options?: CallOptions,
    ) => transport.text(path(id, `/workload/${table}`), options, { ...query, format: "csv" }),
    /** The records that a filter picks, oldest or newest first, read a page at a time. What is missing is told to `onMissing`. */
    async *records(
      id: number,
      filter: RecordsQuery = {},
      { onMissing, ...options }: RecordsOptions = {},
    ): AsyncGenerator<WorkloadRecord, void, undefined> {
      let { cursor } = filter;
      do {
        const query = { ...filter, cursor };
        const page: WorkloadRecords = await transport.get(path(id, "/workload/records"), options, query);
        yield* page.records;
        for (const missing of page.missing) onMissing?.(missing);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
    },
    /** One page of them, and the `cursor` of the next one. */
    recordsPage: (id: number, query: RecordsQuery = {}, options?: CallOptions) =>
      transport.get<WorkloadRecords>(path(id, "/workload/records"), options, query),
    /** One page of what one connection did, and of its transactions. */
    session: (id: number, threadId: number, query: SessionQuery = {}, options?: CallOptions) =>
      transport.get<WorkloadSession>(path(id, `/workload/sessions/${threadId}`), options, query),
    /**
     * All of a capture's records, or those of a time, in the order of the log, out of one download: as fast as they arrive, and in
     * little memory. What is missing is told to `onMissing`.
     */
    async *downloadRecords(
      id: number,
      query: Omit<DownloadQuery, "format"> = {},
      { onMissing, ...options }: RecordsOptions = {},
    ): AsyncGenerator<StoredWorkloadRecord, void, undefined> {
      const { body } = await download(id, { ...query, format: "ndjson" }, options);
      if (body === null) return;
      for await (const line of linesOf(body, options.signal)) {
        const read = JSON.parse(line) as StoredWorkloadRecord | { missing: MissingRecords };
        if ("missing" in read) onMissing?.(read.missing);
        else yield read;
      }
    },
    /** A capture's records as they are sent: a reply whose body streams, as the format says. */
    download: (id: number, query: DownloadQuery = {}, options?: CallOptions) => download(id, query, options),
  };
}

/** The cursor of a page that a link leads to: a number where it is an id. */
function cursorIn(link: string): number | string {
  const cursor = new URL(link).searchParams.get("cursor") ?? "";
  return /^\d+$/.test(cursor) ? Number(cursor) : cursor;
}
