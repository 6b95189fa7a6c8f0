import { setTimeout as pause } from "node:timers/promises";
import type { Database } from "./database.ts";
import type { Service } from "./service.ts";
import { quantile } from "./statistics.ts";
import type { Row } from "./table.ts";

/* What the measure `lateness` and the simulation share: captures that are scheduled one after the other, and how late they start. */

/** Captures to be scheduled evenly over a span of time. */
export interface Schedule {
  count: number;
  /** When the first is to start, in milliseconds since the epoch. */
  due: number;
  /** How long after it the next after the last would be, in milliseconds. */
  spanMs: number;
}

const ENVIRONMENTS = 20;
/** How many are made at once, and how long that takes at least: objects stay open for ten seconds, each with three files. */
const BATCH = 500;
const BATCH_MS = 6000;

/** Makes environments whose instance is stopped, so that their captures fail soon after their start. @returns their ids */
export async function stoppedEnvironments(service: Service): Promise<number[]> {
  const ids: number[] = [];
  for (let i = 0; i < ENVIRONMENTS; i++) {
    const { id, accessKeyId, instance } = await service.createEnvironment(`environment ${i}`);
    await service.control("PATCH", `instances/${instance}`, { accessKeyId, status: "stopped" });
    ids.push(id);
  }
  return ids;
}

/** When a capture is to start, by its number from 0, in milliseconds since the epoch. */
export const startOf = (n: number, { count, due, spanMs }: Schedule) =>
  due + Math.floor((n / count) * spanMs);

/** Makes the captures by the API. @throws Error when they are not all made before the first is due */
export async function makeScheduled(
  service: Service,
  environments: readonly number[],
  schedule: Schedule,
): Promise<void> {
  const { count, due } = schedule;
  let made = 0;
  const next = (until: number) => {
    if (made === until) return null;
    const scheduledStart = new Date(startOf(made, schedule)).toISOString();
    const envId = environments[made % environments.length];
    const body = JSON.stringify({ name: `due ${made++}`, envId, scheduledStart, duration: 3600 });
    return { method: "POST", path: "/api/captures", headers: service.caller.headers, body };
  };
  while (made < count && Date.now() < due) {
    const [began, until] = [Date.now(), Math.min(made + BATCH, count)];
    await service.client.load(due - began, () => next(until));
    if (made < count) await pause(Math.max(0, began + BATCH_MS - Date.now()));
  }
  if (made < count) throw new Error(`Only ${made} captures could be made before they were due`);
}

/** How many captures have begun to start. */
export async function startedCount(database: Database): Promise<number> {
  const [found] = await database.run<{ started: number }>(
    "select count(*) as started from captures where status <> 'SCHEDULED'",
  );
  return found?.started ?? 0;
}

/**
 * How late the starts were that were scheduled for so many seconds, by the captures' histories.
 * @returns the rows of a table, with what was lost or early
 */
export async function latenessRows(database: Database, count: number, spanSeconds: number): Promise<Row[]> {
  const results = await database.run<{ late: number }>(
    `select v.time - c.scheduled_start as late from captures c join capture_events v on v.capture_id = c.id
     where v.from_status = 'SCHEDULED' and v.to_status = 'STARTED'`,
  );
  const late = results.map((result) => result.late);
  const seconds = (part: number) => `${(quantile(late, part) / 1000).toFixed(2)} s`;
  return [
    {
      measure: `lateness of ${count.toLocaleString("en")} starts scheduled for ${spanSeconds === 60 ? "one minute" : `${spanSeconds} s`}`,
      figure: `p50 ${seconds(0.5)}, p99 ${seconds(0.99)}, most ${seconds(1)}`,
    },
    none("scheduled starts that were lost", count - late.length),
    none("scheduled starts that were early", late.filter((milliseconds) => milliseconds < 0).length),
  ];
}

/** Something of which there should be none. */
export const none = (measure: string, value: number): Row => ({
  measure,
  figure: String(value),
  target: "0",
  isMet: value === 0,
});
