import { Hono } from "hono";
import { positiveNumber } from "../env.ts";
import { takesGzip } from "../http/accept-encoding.ts";
import type { App } from "../http/context.ts";
import { readId, readQuery } from "../http/input.ts";
import { countCostly } from "../http/rate-limits.ts";
import { CSV_TYPE, csvHeaders, toCsv } from "../lib/csv.ts";
import { openDownload } from "./download.ts";
import {
  type FindCapture,
  type FindWhole,
  type ReadCapture,
  readLogSeries,
  readLogSpans,
  readManifests,
  withStatements,
} from "./live-or-stored.ts";
import { refuseWorkload } from "./refusals.ts";
import type { WorkloadSeries } from "./replies.ts";
import { downloadQuerySchema, seriesQuerySchema, spanQuerySchema } from "./schema.ts";
import { searchRoutes } from "./search/routes.ts";
import { statementRoutes } from "./statement-routes.ts";
import { SERIES_COLUMNS, SPAN_COLUMNS } from "./tables.ts";
import { FIRST_STEP, WHOLE } from "./timing/series.ts";
import { figuresOf } from "./timing/series-state.ts";
import { pairSpans, type ShownSpan, type Span } from "./timing/span.ts";
import { toAmazon, toSeries, toSpan, toWorkload } from "./to-reply.ts";
import { isGrowing } from "./workload-state.ts";

const NOTHING: ShownSpan = { step: FIRST_STEP, from: null, to: null, whole: figuresOf(), statements: [] };

/** Refuses for a capture without series that recorded statements: it is of before there were any. */
async function expectNothing(capture: ReadCapture): Promise<void> {
  if (isGrowing(capture.status)) return;
  const { manifests } = await readManifests(capture);
  if (manifests.some(({ statements }) => statements > 0)) throw refuseWorkload.noSeries();
}

/** The media types of the formats of a download. */
const TYPES = {
  "ndjson.gz": "application/gzip",
  ndjson: "application/x-ndjson",
  log: "text/plain; charset=utf-8",
  // RFC 6922.
  sql: "application/sql",
  csv: CSV_TYPE,
} as const;

/**
 * `/api/captures/{id}/workload`: what a capture recorded, for who may read the capture.
 */
export const workloadRoutes = (findCapture: FindCapture) => {
  /** The same for what says the statements with their values, which is not for viewers. */
  const findWhole: FindWhole = async (c, id, reading) =>
    withStatements(await findCapture(c, id, reading, true));
  return new Hono<App>()
    .route("/", searchRoutes(findWhole))
    .route("/", statementRoutes(findCapture))

    .get("/", async (c) => {
      const id = await readId(c);
      const now = Date.now();
      const capture = await findCapture(c, id, "workload.read");
      return c.json(toWorkload(capture, await readManifests(capture), now));
    })

    .get("/amazon", async (c) => {
      const id = await readId(c);
      const shown = toAmazon(await readManifests(await findWhole(c, id, "workload.read")));
      if (shown === null) throw refuseWorkload.amazonNotCounted();
      return c.json(shown);
    })

    .get("/series", async (c) => {
      const id = await readId(c);
      const { step, fingerprint, format } = await readQuery(c, seriesQuerySchema());
      const capture = await findCapture(c, id, "workload.read");
      const series = await readLogSeries(capture, fingerprint ?? WHOLE);
      const answer = (shown: WorkloadSeries) =>
        format === "json"
          ? c.json(shown)
          : c.body(toCsv(SERIES_COLUMNS, shown.points), 200, csvHeaders(`capture-${id}-series`));
      if (Object.values(series).some((one) => one !== null)) return answer(toSeries(series, step));
      if (fingerprint !== undefined) throw refuseWorkload.noSeriesOfStatement();
      await expectNothing(capture);
      return answer({ step: step ?? FIRST_STEP, points: [] });
    })

    .get("/series/statements", async (c) => {
      const id = await readId(c);
      const { from, to, format } = await readQuery(c, spanQuerySchema());
      const capture = await findCapture(c, id, "workload.read");
      const span: Span = {
        from: from === undefined ? Number.NEGATIVE_INFINITY : from / 1000,
        to: to === undefined ? Number.POSITIVE_INFINITY : to / 1000,
      };
      const found = pairSpans(await readLogSpans(capture, span), span);
      if (found === null) await expectNothing(capture);
      const shown = toSpan(found ?? NOTHING);
      return format === "json"
        ? c.json(shown)
        : c.body(toCsv(SPAN_COLUMNS, shown.statements), 200, csvHeaders(`capture-${id}-range`));
    })

    .get("/download", async (c) => {
      const id = await readId(c);
      const { log, format, from, to, threadId } = await readQuery(c, downloadQuerySchema());
      // Nothing is read for HEAD, whose reply only says how much there would be.
      const isHead = c.req.method === "HEAD";
      const reading = isHead ? "workload.read" : "workload.downloaded";
      const capture = await findWhole(c, id, reading);
      await countCostly(c);
      const { manifests } = await readManifests(capture);
      const manifest = log === undefined ? manifests[0] : manifests.find((one) => one.log === log);
      if (manifest === undefined) throw refuseWorkload.notRecorded();
      const isEncoded = format === "ndjson" && takesGzip(c.req.raw);
      const form = isEncoded || format === "ndjson.gz" ? "gzip" : format;
      const ofSession = threadId === undefined ? "" : `-session-${threadId}`;
      const name = `capture-${id}${manifest.log === "slow" ? "-slow" : ""}${ofSession}.${format}`;
      const cpuMs = positiveNumber(c.env, "CPU_LIMIT_MS");
      const wanted = { from, to, threadId };
      const { body, incomplete } = await openDownload(capture.store, manifest, form, wanted, cpuMs);
      const headers = {
        "Content-Type": TYPES[format],
        "Content-Disposition": `attachment; filename="${name}"`,
        ...(format === "ndjson" && { Vary: "Accept-Encoding" }),
        ...(isEncoded && { "Content-Encoding": "gzip" }),
        ...(incomplete !== null && { "X-Workload-Incomplete": incomplete }),
      };
      const { bytes } = body;
      const shown = c.body(null, 200, {
        ...headers,
        ...(isHead && bytes !== null && { "Content-Length": String(bytes) }),
      });
      if (isHead) return shown;
      // Without `manual`, workerd would compress what is compressed.
      return new Response(body.open(), { headers: shown.headers, encodeBody: "manual" });
    });
};
