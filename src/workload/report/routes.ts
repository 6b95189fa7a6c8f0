import { Hono } from "hono";
import type { App, AppContext } from "../../http/context.ts";
import { readId, readQuery } from "../../http/input.ts";
import { countCostly } from "../../http/rate-limits.ts";
import { type ComparedCapture, readRecording } from "../compare/side.ts";
import { readManifests } from "../live-or-stored.ts";
import { refuseWorkload } from "../refusals.ts";
import type { ReportMetrics } from "./charts.ts";
import { toHtml } from "./html.ts";
import { toMarkdown } from "./markdown.ts";
import { makeReport, type ReportedCapture } from "./report.ts";
import { reportQuerySchema } from "./schema.ts";

/** What of captures a report needs, from where they are. */
export interface Reported {
  capture: ReportedCapture;
  /** What it is to be compared with, if anything. */
  base: ComparedCapture | null;
  /** Reads its metrics; a failure is said in words. */
  readMetrics: () => Promise<ReportMetrics>;
}

/**
 * `/api/captures/{id}/workload/report`: a capture as a file to send round, for who may read it, and the one that it is compared with.
 * @param find reads both for the caller of the request, or throws the refusal that fits
 */
export const reportRoutes = (find: (c: AppContext, id: number, base: number | null) => Promise<Reported>) =>
  new Hono<App>().get("/report", async (c) => {
    const id = await readId(c);
    const query = await readQuery(c, reportQuerySchema());
    const { capture, base, readMetrics } = await find(c, id, query.with ?? null);
    await countCostly(c);
    if (base?.id === capture.id) throw refuseWorkload.sameCapture();
    const [recording, ofBase, metrics] = await Promise.all([
      readRecording(capture),
      base && readRecording(base),
      readMetrics(),
    ]);
    const known = recording.known ?? (await readManifests(capture));
    const report = makeReport(
      { capture, recording: { ...recording, known: known }, base: ofBase, metrics },
      Date.now(),
    );
    const isHtml = query.format === "html";
    return c.body(isHtml ? toHtml(report) : toMarkdown(report), 200, {
      "Content-Type": isHtml ? "text/html; charset=utf-8" : "text/markdown; charset=utf-8",
      "Content-Disposition": `attachment; filename="capture-${id}.${query.format}"`,
    });
  });
