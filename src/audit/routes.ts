import { Hono } from "hono";
import { unknownCaller } from "../http/authentication.ts";
import { type App, type AppContext, noteCaller } from "../http/context.ts";
import { readId, readQuery } from "../http/input.ts";
import { linkToNext } from "../http/next-page.ts";
import { refuse } from "../http/refusals.ts";
import { signedIn } from "../http/signed-in.ts";
import { type AuditRow, readTrail } from "./queries.ts";
import { auditQuerySchema, MAX_EXPORT, PAGE } from "./schema.ts";
import { toAuditEvent } from "./to-reply.ts";

/** Under `/api/environments`: what was done in an environment, for its admins. */
export const auditRoutes = new Hono<App>().use("/:id/audit", signedIn).get("/:id/audit", async (c) => {
  const id = await readId(c);
  const {
    format,
    limit = format === "json" ? PAGE : MAX_EXPORT,
    ...filter
  } = await readQuery(c, auditQuerySchema());
  // One more than the page, to know whether there is another.
  const asked = { ...filter, limit: limit + 1 };
  const trail = await readTrail(c.get("db"), c.get("credential"), id, asked, Date.now());
  if (trail.outcome === "unauthenticated") throw unknownCaller();
  noteCaller(trail.caller);
  if (trail.outcome === "not-found") throw refuse.environmentNotFound();
  if (trail.outcome === "forbidden") throw refuse.notAdmin();
  const { rows } = trail;
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  const headers = linkToNext(c.req.url, last && `${last.time}.${last.id}`);
  const shown = rows.slice(0, limit);
  return format === "json" ? c.json(shown.map(toAuditEvent), 200, headers) : exported(c, id, shown, headers);
});

/** How many lines of an export are made at once. */
const LINES = 500;

/** The rows as a file of NDJSON, whose lines are made while it is sent. */
function exported(c: AppContext, id: number, rows: AuditRow[], headers: { Link?: string }): Response {
  const encoder = new TextEncoder();
  let next = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const lines = rows.slice(next, next + LINES).map((row) => `${JSON.stringify(toAuditEvent(row))}\n`);
      next += LINES;
      if (lines.length > 0) controller.enqueue(encoder.encode(lines.join("")));
      if (next >= rows.length) controller.close();
    },
  });
  return c.body(body, 200, {
    ...headers,
    "Content-Type": "application/x-ndjson",
    "Content-Disposition": `attachment; filename="environment-${id}-audit.ndjson"`,
  });
}
