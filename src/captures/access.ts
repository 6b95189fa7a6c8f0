import { readNoted } from "../audit/readings.ts";
import { unknownCaller } from "../http/authentication.ts";
import { type AppContext, noteCaller } from "../http/context.ts";
import { isoTime } from "../lib/values.ts";
import type { ComparedCapture } from "../workload/compare/side.ts";
import { type FindCapture, withSources } from "../workload/live-or-stored.ts";
import type { CaptureRow, Erasable, Recorded } from "./capture-row.ts";
import { captureRead, type Found, pairOf, pairRead, type Reader, type Seen, seen } from "./queries.ts";
import { metricsErased, refuseCapture, workloadErased } from "./refusals.ts";

/**
 * What the caller asked to read, or the refusal that fits. Every request that reads captures, or schedules, passes here, so that
 * this is the place to record who read what.
 */
export function see<T>(seen: Seen<T>, notFound: () => Error): T {
  if (seen.caller === null) throw unknownCaller();
  noteCaller(seen.caller);
  if (seen.found === null) throw notFound();
  return seen.found;
}

/**
 * A capture whose workload is kept.
 * @param field what of the request names it, if it is not the path
 * @throws ApiError 410 when its workload was erased, or is about to be
 */
export function requireWorkload<C extends Erasable>(capture: C, field?: "with"): C {
  const { erasedAt, erasedWhy } = capture;
  if (erasedAt === null) return capture;
  throw workloadErased(isoTime(erasedAt), erasedWhy ?? "request", field);
}

/**
 * A capture whose metrics are kept.
 * @throws ApiError 410 when they were erased, or are about to be
 */
export function requireMetrics<C extends Erasable>(capture: C): C {
  const { metricsErasedAt, erasedWhy } = capture;
  if (metricsErasedAt === null) return capture;
  throw metricsErased(isoTime(metricsErasedAt), erasedWhy ?? "request");
}

/**
 * A capture for the reading of its workload, as far as the caller of the request may read it; the refusal that fits otherwise. The audit
 * trail has it then: what is read of workloads comes through here, or through the two others that note it.
 */
export const findReadable: FindCapture = async (c, id, reading, whole = false) => {
  const now = Date.now();
  const read = captureRead(c.get("db"), c.get("credential"), id, now);
  const [row] = await readNoted<Found<CaptureRow & Recorded & Reader>>(
    c,
    { reading, whole },
    [id],
    read,
    now,
  );
  const capture = requireWorkload(see(seen(row), refuseCapture.captureEnvironmentNotFound));
  return { ...withSources(c.env, capture), readsStatements: capture.readsStatements === 1 };
};

/**
 * Two captures to be compared, if the caller of the request may read both; the refusal that fits otherwise.
 * @param other the one that the first is compared with
 */
export async function findReadablePair(
  c: AppContext,
  id: number,
  other: number,
): Promise<[one: ComparedCapture, other: ComparedCapture]> {
  const now = Date.now();
  const read = pairRead(c.get("db"), c.get("credential"), { id, other }, now);
  const rows = await readNoted<Found<CaptureRow & Recorded>>(
    c,
    { reading: "workload.read" },
    [id, other],
    read,
    now,
  );
  const pair = pairOf(rows, { id, other });
  const one = requireWorkload(see(pair[0], refuseCapture.captureEnvironmentNotFound));
  const base = requireWorkload(see(pair[1], refuseCapture.otherCaptureNotFound), "with");
  return [withSources(c.env, one), withSources(c.env, base)];
}
