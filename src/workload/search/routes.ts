import { Hono } from "hono";
import type { App, AppContext } from "../../http/context.ts";
import { readId, readParam, readQuery } from "../../http/input.ts";
import { countCostly } from "../../http/rate-limits.ts";
import type { LogName } from "../../logs/names.ts";
import { DIGEST_VERSION } from "../../sql-text/normalize/normalize.ts";
import { type FindWhole, type ReadCapture, readManifests } from "../live-or-stored.ts";
import { refuseWorkload } from "../refusals.ts";
import type { Manifest } from "../stored/manifest.ts";
import { Fingerprints } from "./fingerprints.ts";
import { Cursors } from "./place.ts";
import { isOfSlowLog, type RecordFilter } from "./record-filter.ts";
import { pageJson } from "./records-json.ts";
import { filterOf, recordsQuerySchema, sessionQuerySchema, threadIdSchema } from "./schema.ts";
import { search } from "./search.ts";
import { readKnown, sessionOf } from "./session.ts";

/**
 * The records of `/api/captures/{id}/workload`: those that are looked for, and those of one session.
 */
export const searchRoutes = (findCapture: FindWhole) =>
  new Hono<App>()
    .get("/records", async (c) => {
      const id = await readId(c);
      const { log, limit, cursor, order, ...query } = await readQuery(c, recordsQuerySchema());
      const capture = await findCapture(c, id, "workload.searched");
      const manifest = await manifestOf(c, capture, log);
      const filter = filterOf({ log, limit, cursor, order, ...query });
      requireKnown(manifest, filter);
      const cursors = await Cursors.of({ id, log: manifest.log, order, filter });
      const place = cursor === undefined ? null : cursors.read(cursor).place;
      const fingerprints = new Fingerprints();
      const { signal } = c.req.raw;
      const found = await search(capture.store, manifest, filter, fingerprints, {
        order,
        limit,
        place,
        signal,
      });
      const next = found.next && cursors.write(found.next);
      return json(c, `{${pageJson(found, next, isCurrent(manifest) ? fingerprints : null)}}`);
    })

    .get("/sessions/:threadId", async (c) => {
      const id = await readId(c);
      const threadId = await readParam(c, "threadId", threadIdSchema());
      const { log, limit, cursor, from, to } = await readQuery(c, sessionQuerySchema());
      const capture = await findCapture(c, id, "workload.searched");
      const manifest = await manifestOf(c, capture, log);
      const filter: RecordFilter = { from, to, threadId };
      const cursors = await Cursors.of({ session: id, log: manifest.log, filter });
      const { place, more } = cursor === undefined ? { place: null, more: null } : cursors.read(cursor);
      const before = place === null ? null : readKnown(more);
      const fingerprints = new Fingerprints();
      const { signal } = c.req.raw;
      const options = { order: "oldest", limit, place, signal } as const;
      const found = await search(capture.store, manifest, filter, fingerprints, options);
      const isWhole = before === null && found.next === null && found.missing.length === 0;
      if (isWhole && found.lines.length === 0) throw refuseWorkload.sessionNotFound();
      const { page, known } = sessionOf(manifest, threadId, found, before);
      const next = found.next && cursors.write(found.next, known);
      const records = pageJson(found, next, isCurrent(manifest) ? fingerprints : null);
      return json(c, `${JSON.stringify(page).slice(0, -1)},${records}}`);
    });

const json = (c: AppContext, body: string): Response =>
  c.body(body, 200, { "Content-Type": "application/json" });

/**
 * The manifest of the log that is asked for; of the capture's first log if none is. A search may read 64 MB: it is counted.
 * @throws ApiError 400 when the capture is not made of that log; 429 when it is one search too many
 */
async function manifestOf(c: AppContext, capture: ReadCapture, log: LogName | undefined): Promise<Manifest> {
  await countCostly(c);
  const { manifests } = await readManifests(capture);
  const manifest = log === undefined ? manifests[0] : manifests.find((one) => one.log === log);
  if (manifest === undefined) throw refuseWorkload.notRecorded();
  return manifest;
}

/** Whether a capture's statements were counted by the rules of now, so that fingerprints can be worked out. */
const isCurrent = ({ digestVersion }: Manifest): boolean => digestVersion === DIGEST_VERSION;

/** Whether a capture has fragments of version 1, which say no default databases. */
const hasVersion1 = ({ fragments, version1 }: Manifest): boolean =>
  fragments > 0 && (version1 === undefined || version1.fragments > 0);

/** @throws ApiError 400 when what was recorded does not say what the filter asks for */
function requireKnown(manifest: Manifest, filter: RecordFilter): void {
  if (manifest.log === "general" && isOfSlowLog(filter)) throw refuseWorkload.notTimed();
  if (manifest.log === "general" && filter.db !== undefined && hasVersion1(manifest)) {
    throw refuseWorkload.databasesNotStored();
  }
  if (filter.fingerprint !== undefined && !isCurrent(manifest)) throw refuseWorkload.olderFingerprints();
}
