import { env } from "cloudflare:workers";
import type { CapturedLog, LogName } from "../../../src/logs/names.ts";
import type { SlowRecord } from "../../../src/logs/slow/record.ts";
import type { Comparison } from "../../../src/workload/compare/replies.ts";
import { Digests } from "../../../src/workload/digest.ts";
import { digestsFormat } from "../../../src/workload/digests-state.ts";
import { digestKey, manifestKey, seriesKey } from "../../../src/workload/stored/keys.ts";
import { emptyManifest, type Manifest, manifestFormat } from "../../../src/workload/stored/manifest.ts";
import { Figures } from "../../../src/workload/timing/figures.ts";
import { publishSeries } from "../../../src/workload/timing/series-object.ts";
import type { Cast, Person } from "../../support/api.ts";
import { captureIn, record, START } from "../../support/stored-workload.ts";
import { slowRecord } from "../timing/records.ts";

/* Captures that were recorded, with as much stored of them as is compared. */

/** A statement, how often it ran, and of the slow log how long each call took in microseconds and what else its records say. */
export interface Ran {
  sql: string;
  calls: number;
  micros?: number | ((call: number) => number);
  rest?: Partial<SlowRecord>;
}

/** What is stored of a capture. */
export interface Recorded {
  log?: CapturedLog;
  /** What ran of each log. */
  general?: readonly Ran[];
  slow?: readonly Ran[];
  /** How long it recorded, in minutes: 10 unless said. Null when it has not begun. */
  minutes?: number | null;
  status?: string;
  envId?: number;
  minDurationMicros?: number;
  /** How many digests there is room for. */
  capacity?: number;
  manifest?: Partial<Manifest>;
  /** Whether its series is stored. */
  hasSeries?: boolean;
}

/** The table of what ran, and the figures of all of it. */
export function tableOf(
  ran: readonly Ran[],
  log: LogName,
  capacity?: number,
): { digests: Digests; whole: Figures } {
  const digests = new Digests(capacity);
  const whole = new Figures();
  for (const { sql, calls, micros = 1000, rest } of ran) {
    for (let call = 0; call < calls; call++) {
      const slow = slowRecord(sql, typeof micros === "number" ? micros : micros(call), {
        timeMicros: START * 1000 + call,
        ...rest,
      });
      if (log === "slow") {
        digests.addTimed(slow);
        whole.add(slow);
      } else {
        digests.add(record(call, sql));
        whole.count();
      }
    }
  }
  return { digests, whole };
}

/** A capture of which this is stored. */
export async function recorded(cast: Cast, stored: Recorded): Promise<number> {
  const { log = "slow", minutes = 10, status = "DONE", minDurationMicros = 0, capacity, hasSeries } = stored;
  const id = await captureIn(cast, status);
  await env.DB.prepare(
    `update captures set log = ?2, started_at = ?3, ended_at = ?4, min_duration_micros = ?5, env_id = ?6,
       status = ?7, scheduled_start = null where id = ?1`,
  )
    .bind(
      id,
      log,
      minutes === null ? null : START,
      minutes === null ? null : START + minutes * 60_000,
      minDurationMicros,
      stored.envId ?? cast.environment.id,
      status,
    )
    .run();
  for (const name of ["general", "slow"] as const) {
    const ran = stored[name];
    if (ran === undefined) continue;
    const { digests, whole } = tableOf(ran, name, capacity);
    const manifest: Manifest = {
      ...emptyManifest(id, "secrets", name, name === "slow" ? minDurationMicros : 0),
      records: digests.total,
      statements: digests.total,
      firstMicros: START * 1000,
      lastMicros: (START + 1000) * 1000,
      ...stored.manifest,
    };
    await env.BUCKET.put(manifestKey(id, name), manifestFormat.stringify(manifest));
    await env.BUCKET.put(digestKey(id, name), digestsFormat.stringify(digests.toJSON()));
    if (hasSeries) {
      const starts = [START / 1000];
      await publishSeries(env.BUCKET, seriesKey(id, name), {
        statements: () => [],
        read: () => ({ step: 10, from: START / 1000, to: START / 1000, starts, figures: [whole.toJSON()] }),
      });
    }
  }
  return id;
}

/** The comparison of a capture with another, the base. */
export async function compare(person: Person, id: number, base: number, query = ""): Promise<Comparison> {
  const reply = await person.get<Comparison>(`/api/captures/${id}/workload/compare?with=${base}${query}`);
  if (reply.status !== 200) throw new Error(`It answered ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}
