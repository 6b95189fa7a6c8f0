import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Capture } from "../../src/captures/replies.ts";
import type { Metric } from "../../src/metrics/replies.ts";
import { type Cast, createCapture, type LogLine, linesOf, type Reply, runnerOf } from "./api.ts";
import { runAlarm, travel, until } from "./time.ts";

const HOUR = 3_600_000;
/** A capture that has ended is due six minutes later. */
export const SETTLED = 420_000;

/** What the database knows of a capture's archive. */
interface Row {
  status: string;
  due_at: number | null;
  metrics_archived_at: number | null;
}

/** The row of a capture. */
export const rowOf = ({ id }: Capture) =>
  env.DB.prepare("select status, due_at, metrics_archived_at from captures where id = ?1")
    .bind(id)
    .first<Row>() as Promise<Row>;
/** Whether its metrics are stored. */
export const isArchived = async (capture: Capture) => (await rowOf(capture)).metrics_archived_at !== null;
/** How much is left in its Durable Object. */
export const leftIn = (capture: Capture) =>
  runInDurableObject(runnerOf(capture), (_, { storage }) => [...storage.kv.list()].length);
/** Where a reply's metrics come from. */
export const sourceOf = ({ headers }: Reply) => headers.get("x-metrics-source");

/** What is logged of one event while something runs. */
export async function logged(event: string, run: () => Promise<unknown>): Promise<LogLine[]> {
  return (await linesOf(run)).filter((line) => line.event === event);
}

/** Somebody's captures that have ended, each test's in an environment of its own, and their metrics. */
export class EndedCaptures {
  readonly #own: Pick<Cast, "admin" | "environment" | "aws">;

  constructor(own: Pick<Cast, "admin" | "environment" | "aws">) {
    this.#own = own;
  }

  /** A capture that lasted for a while until a full hour, the last but one unless it is said how long ago, and is DONE. */
  async create(lastedMs = HOUR, envId = this.#own.environment.id, agoMs = HOUR): Promise<Capture> {
    const { admin } = this.#own;
    const start = Math.floor(Date.now() / HOUR) * HOUR - agoMs - lastedMs;
    const capture = await createCapture(admin, {
      envId,
      start: new Date(start).toISOString(),
      duration: lastedMs / 1000,
    });
    return until(admin, capture, "DONE");
  }

  /** Lets the time of a capture's archive come. */
  async settle(capture: Capture): Promise<void> {
    await travel(this.#own.aws, SETTLED);
    await runAlarm(capture);
  }

  /** Asks for a capture's metrics. */
  metricsOf({ id }: Capture, query = ""): Promise<Reply<Metric[]>> {
    return this.#own.admin.get<Metric[]>(`/api/captures/${id}/metrics${query}`);
  }

  /** What CloudWatch was asked for. */
  async calls() {
    return (await this.#own.aws.requests()).filter(({ action }) => action === "GetMetricData");
  }
}
