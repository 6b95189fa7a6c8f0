import { Hono } from "hono";
import { see } from "../captures/access.ts";
import { readCapture } from "../captures/reads.ts";
import type { CaptureRow } from "../captures/schema.ts";
import type { App, AppContext } from "../http/context.ts";
import { readId, readQuery } from "../http/input.ts";
import { refuse } from "../http/refusals.ts";
import { openDownload } from "./download.ts";
import { readDigests, readManifest, toDigests, toWorkload } from "./live-or-stored.ts";
import { digestQuerySchema, downloadQuerySchema } from "./schema.ts";

/** `/api/captures/{id}/workload`: what a capture recorded. Whoever may read the capture may read it. */
export const workloadRoutes = new Hono<App>()
  .get("/", async (c) => {
    const id = await readId(c);
    const now = Date.now();
    return c.json(toWorkload(await readManifest(c.env, await readable(c, id, now)), now));
  })

  .get("/digest", async (c) => {
    const id = await readId(c);
    const { limit } = await readQuery(c, digestQuerySchema);
    const digests = await readDigests(c.env, await readable(c, id, Date.now()));
    return c.json(toDigests(digests, limit));
  })

  .get("/download", async (c) => {
    const id = await readId(c);
    const { format, from, to } = await readQuery(c, downloadQuerySchema);
    const { manifest } = await readManifest(c.env, await readable(c, id, Date.now()));
    const isLog = format === "log";
    const { body, incomplete } = await openDownload(c.env, manifest, format, { from, to });
    return c.body(body, 200, {
      // Not Content-Encoding: a file of several gzip members is one that browsers cut after the first and curl refuses.
      "Content-Type": isLog ? "text/plain; charset=utf-8" : "application/gzip",
      "Content-Disposition": `attachment; filename="capture-${id}.${isLog ? "log" : "ndjson.gz"}"`,
      ...(incomplete !== null && { "X-Workload-Incomplete": incomplete }),
    });
  });

/** The capture, if the caller may read it. */
async function readable(c: AppContext, id: number, now: number): Promise<CaptureRow> {
  const capture = await readCapture(c.var.db, c.var.credential, id, now);
  return see(capture, refuse.captureEnvironmentNotFound);
}
