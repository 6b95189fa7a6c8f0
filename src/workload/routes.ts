import { Hono } from "hono";
import type { App, AppContext } from "../http/context.ts";
import { readId, readQuery } from "../http/input.ts";
import { openDownload } from "./download.ts";
import { type ReadCapture, readDigests, readManifests } from "./live-or-stored.ts";
import { digestQuerySchema, downloadQuerySchema } from "./schema.ts";
import { toDigests, toWorkload } from "./to-reply.ts";

/**
 * `/api/captures/{id}/workload`: what a capture recorded, for who may read the capture.
 * @param findCapture reads the capture with that id for the caller of the request, or throws the refusal that fits
 */
export const workloadRoutes = (findCapture: (c: AppContext, id: number) => Promise<ReadCapture>) =>
  new Hono<App>()
    .get("/", async (c) => {
      const id = await readId(c);
      const now = Date.now();
      return c.json(toWorkload(await readManifests(c.env.BUCKET, await findCapture(c, id)), now));
    })

    .get("/digest", async (c) => {
      const id = await readId(c);
      const { limit } = await readQuery(c, digestQuerySchema());
      const [{ digests }] = await readDigests(c.env.BUCKET, await findCapture(c, id));
      return c.json(toDigests(digests, limit));
    })

    .get("/download", async (c) => {
      const id = await readId(c);
      const { format, from, to } = await readQuery(c, downloadQuerySchema());
      const {
        manifests: [manifest],
      } = await readManifests(c.env.BUCKET, await findCapture(c, id));
      const isLog = format === "log";
      const { body, incomplete } = await openDownload(c.env.BUCKET, manifest, format, { from, to });
      return c.body(body, 200, {
        // Not Content-Encoding: a file of several gzip members is one that browsers cut after the first and curl refuses.
        "Content-Type": isLog ? "text/plain; charset=utf-8" : "application/gzip",
        "Content-Disposition": `attachment; filename="capture-${id}.${isLog ? "log" : "ndjson.gz"}"`,
        ...(incomplete !== null && { "X-Workload-Incomplete": incomplete }),
      });
    });
