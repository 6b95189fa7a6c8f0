import { readNoted } from "../audit/readings.ts";
import { callerStatement } from "../db/caller.ts";
import { runnerOf } from "../env.ts";
import type { AppContext } from "../http/context.ts";
import { ApiError } from "../http/refusals.ts";
import { readArchivedMetrics, readMetrics } from "../metrics/read.ts";
import { withSources } from "../workload/live-or-stored.ts";
import type { ReportMetrics } from "../workload/report/charts.ts";
import type { Reported } from "../workload/report/routes.ts";
import { requireMetrics, requireWorkload, see } from "./access.ts";
import { columns } from "./capture-row.ts";
import type { CaptureTarget, Found, Seen } from "./queries.ts";
import { refuseCapture } from "./refusals.ts";
import { TARGET } from "./sql.ts";

/** A capture, its instance, and the name of its environment. */
type ReportedRow = CaptureTarget & { environment: string };

const REPORTED = callerStatement(
  `select caller.id as caller, ${columns("c")}, ${TARGET}, e.name as environment from caller
   left join captures c on c.id in (:id, :base) and c.deleted_at is null
     and exists (select 1 from members m where m.user_id = caller.id and m.env_id = c.env_id)
   left join environments e on e.id = c.env_id`,
);

/** Reads a capture and the one that it is compared with, if any; each is null when it is not there for the caller. */
async function readReported(
  c: AppContext,
  ids: { id: number; base: number | null },
): Promise<[one: Seen<ReportedRow>, base: Seen<ReportedRow>]> {
  const now = Date.now();
  const read = REPORTED(c.get("db"), c.get("credential"), now, ids);
  const both = ids.base === null ? [ids.id] : [ids.id, ids.base];
  const results = await readNoted<Found<ReportedRow>>(c, { reading: "workload.reported" }, both, read, now);
  const [first] = results;
  if (first === undefined) return [{ caller: null }, { caller: null }];
  const found = (id: number | null): Seen<ReportedRow> => ({
    caller: first.caller,
    found: results.find((row) => row.id === id) ?? null,
  });
  return [found(ids.id), found(ids.base)];
}

/** What a report of a capture needs, if the caller of the request may read it and its base; the refusal that fits otherwise. */
export async function findReported(c: AppContext, id: number, baseId: number | null): Promise<Reported> {
  const [one, base] = await readReported(c, { id, base: baseId });
  const target = requireWorkload(see(one, refuseCapture.captureEnvironmentNotFound));
  return {
    capture: withSources(c.env, target),
    base:
      baseId === null
        ? null
        : withSources(c.env, requireWorkload(see(base, refuseCapture.otherCaptureNotFound), "with")),
    readMetrics: () => metricsOf(c, target),
  };
}

/** The metrics of a capture; why there are none is said, since a report is of use without them. */
async function metricsOf(c: AppContext, target: ReportedRow): Promise<ReportMetrics> {
  if (target.start === null) return { metrics: [], period: null, incomplete: null };
  const read = target.metricsArchivedAt === null ? readMetrics : readArchivedMetrics;
  const runner = runnerOf(c.env, target.id);
  try {
    requireMetrics(target);
    const { metrics, headers } = await read(
      c.env,
      target,
      {},
      (request) => runner.metrics(request),
      Date.now(),
    );
    const period = headers["X-Metrics-Period"];
    return {
      metrics: metrics.map(({ displayName, dataPoints }) => ({
        title: displayName,
        unit: dataPoints[0]?.Unit ?? "",
        points: dataPoints.map(({ Timestamp, Maximum }) => ({ time: Date.parse(Timestamp), value: Maximum })),
      })),
      period: period === undefined ? null : Number(period),
      incomplete: headers["X-Metrics-Incomplete"] ?? null,
    };
  } catch (error) {
    if (error instanceof ApiError) return { metrics: [], period: null, incomplete: error.message };
    throw error;
  }
}
