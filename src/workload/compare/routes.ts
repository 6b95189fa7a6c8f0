import { Hono } from "hono";
import type { App, AppContext } from "../../http/context.ts";
import { readId, readQuery } from "../../http/input.ts";
import { csvHeaders, toCsv } from "../../lib/csv.ts";
import { refuseWorkload } from "../refusals.ts";
import { PARTS } from "./names.ts";
import { compareQuerySchema } from "./schema.ts";
import { type ComparedCapture, readRecording } from "./side.ts";
import { COMPARED_COLUMNS } from "./table.ts";
import { toComparison } from "./to-reply.ts";

/**
 * `/api/captures/{id}/workload/compare`: what has changed in a capture since another, for who may read both.
 * @param findPair reads both for the caller of the request, or throws the refusal that fits
 */
export const compareRoutes = (
  findPair: (c: AppContext, id: number, other: number) => Promise<[ComparedCapture, ComparedCapture]>,
) =>
  new Hono<App>().get("/compare", async (c) => {
    const id = await readId(c);
    const query = await readQuery(c, compareQuerySchema());
    const [capture, base] = await findPair(c, id, query.with);
    if (capture.id === base.id) throw refuseWorkload.sameCapture();
    const [of, ofBase] = await Promise.all([readRecording(capture), readRecording(base)]);
    if (query.format === "json") return c.json(toComparison(ofBase, of, query));
    const whole = toComparison(ofBase, of, { ...query, limit: Number.MAX_SAFE_INTEGER });
    const rows = PARTS.flatMap((part) => whole[part]);
    return c.body(toCsv(COMPARED_COLUMNS, rows), 200, csvHeaders(`capture-${id}-compared-with-${base.id}`));
  });
