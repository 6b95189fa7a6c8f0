import type { CaptureRow } from "../../src/captures/capture-row.ts";
import { captureTag, pageTag } from "../../src/captures/etags.ts";
import { CaptureRunner } from "../../src/captures/runner.ts";
import { toCapture } from "../../src/captures/to-reply.ts";
import type { Env } from "../../src/env.ts";
import { promised } from "./promised.ts";
import { type Recorded, record, SAMPLE } from "./recorded.ts";

/*
 * What the API is measured against: a Worker without a framework, validation, sign-in or refusals, which runs the same D1
 * statements, makes the same call of a Durable Object, and serialises the same body. The statements are the API's own, recorded
 * when the first request comes, so that the two can't drift apart. What it reads has all that every reply of the API is promised
 * (promised.ts); what it writes has the body only. It asks the rate limiters too: locally that is another Worker, on the
 * platform a counter in the same process, so that what their stand-in costs here is none of the API's.
 */

export { LogLease } from "../../src/leases/lease.ts";
// As wrangler.toml, by which this is bundled, asks of a Worker.
export { CaptureRunner };

const PAGE = 100;
const HOUR = 3_600_000;

/**
 * The runner of both Workers (`requests.ts`). It is woken as in the service, so that the call costs what it costs there. Its alarm
 * is left out: what a stop or a start sets going would be done while the next requests are timed, which are not about that.
 */
export class QuietRunner extends CaptureRunner {
  override async alarm(): Promise<void> {}
}

interface Statements {
  read: Recorded;
  list: Recorded;
  create: Recorded;
  rename: Recorded;
  stop: Recorded;
}

let recording: Promise<Statements> | undefined;

async function recordAll(headers: Headers, env: Env, context: ExecutionContext): Promise<Statements> {
  const { id, envId, name } = SAMPLE;
  const one = (method: string, path: string, body?: unknown) =>
    record(method, `/api/captures${path}`, body, headers, env, context);
  const scheduledStart = new Date(Date.now() + HOUR).toISOString();
  return {
    read: await one("GET", `/${id}`),
    list: await one("GET", `?envId=${envId}&limit=${PAGE}`),
    create: await one("POST", "", { name, envId, scheduledStart, duration: 3600 }),
    rename: await one("PUT", `/${id}`, { name }),
    stop: await one("POST", `/${id}/stop`),
  };
}

export default {
  async fetch(request, env, context) {
    recording ??= recordAll(request.headers, env, context);
    const { read, list, create, rename, stop } = await recording;
    const { DB, CAPTURE_RUNNER, REQUEST_LIMITER, WRITE_LIMITER } = env;
    const now = Date.now();
    const path = request.url.slice(request.url.indexOf("/api/captures") + "/api/captures".length);
    const id = Number.parseInt(path.slice(1), 10);
    await REQUEST_LIMITER.limit({ key: "bench" });
    if (request.method !== "GET") await WRITE_LIMITER.limit({ key: "bench" });
    switch (request.method) {
      case "GET":
        return Number.isNaN(id)
          ? answerList(request, DB, list, path, now)
          : answerOne(request, DB, read, id, now);
      case "PUT": {
        const { name } = JSON.parse(await request.text());
        return Response.json(toCapture(captureIn(await rename.run(DB, now, { id, name }))));
      }
      default: {
        if (path.endsWith("/stop")) {
          const capture = captureIn(await stop.run(DB, now, { id }));
          await CAPTURE_RUNNER.getByName(String(id)).wake(id, now);
          return Response.json(toCapture(capture));
        }
        const { name, envId } = JSON.parse(await request.text());
        const capture = captureIn(await create.run(DB, now, { name, envId }));
        const at = capture.scheduledStart as number;
        await CAPTURE_RUNNER.getByName(String(capture.id)).wake(capture.id, at);
        return Response.json(toCapture(capture));
      }
    }
  },
} satisfies ExportedHandler<Env>;

/** A row as the API's statements give it: with who asked. */
type Read = CaptureRow & { caller: string };

async function answerOne(
  request: Request,
  db: D1Database,
  read: Recorded,
  id: number,
  now: number,
): Promise<Response> {
  const session = sessionOf(request, db);
  const row = (await read.first(session, now, { id })) as Read;
  return promised(request, session, toCapture(row), {
    route: "/api/captures/:id",
    caller: row.caller,
    captureId: id,
    began: now,
    headers: { ETag: captureTag(row), "Cache-Control": "private, no-cache, no-transform" },
  });
}

async function answerList(
  request: Request,
  db: D1Database,
  list: Recorded,
  path: string,
  now: number,
): Promise<Response> {
  const session = sessionOf(request, db);
  const envId = Number(path.slice(path.indexOf("envId=") + "envId=".length, path.indexOf("&")));
  const [found] = (await list.run(session, now, { envId })) as [D1Result<Read>];
  // The statement reads one more, to know whether there is another page.
  const rows = found.results.slice(0, PAGE);
  const last = rows[PAGE - 1] as Read;
  return promised(request, session, rows.map(toCapture), {
    route: "/api/captures",
    caller: last.caller,
    captureId: undefined,
    began: now,
    headers: {
      ETag: await pageTag(rows, true),
      "Cache-Control": "private, no-cache",
      Link: `<${request.url}&cursor=${last.id}>; rel="next"`,
    },
  });
}

/** A session that has seen what the caller has. */
const sessionOf = (request: Request, db: D1Database): D1DatabaseSession =>
  db.withSession(request.headers.get("X-D1-Bookmark") ?? "first-unconstrained");

/** The capture that a batch has changed: the last one that it gives. */
function captureIn(results: D1Result[]): CaptureRow {
  const found = results.findLast(
    ({ results: [row] }) => (row as CaptureRow | undefined)?.status !== undefined,
  );
  if (found === undefined) throw new Error("The statements changed nothing");
  return found.results[0] as CaptureRow;
}
