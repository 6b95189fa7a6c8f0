import { DurableObject } from "cloudflare:workers";
import type { AwsResult } from "../aws/client.ts";
import { isTransient } from "../aws/client.ts";
import type { MetricPoint } from "../aws/cloudwatch.ts";
import type { Env } from "../env.ts";
import { askAs } from "../environments/credentials.ts";
import { explain, inspectInstance } from "../environments/instance.ts";
import { describeError, log } from "../log.ts";
import type { WorkloadState } from "../workload/archive.ts";
import { fail, MAX_RETRY_MS, type Move, nextStep, retryDelay, run, START_RETRY_MS } from "./lifecycle.ts";
import { fetchMetrics, type MetricsRequest } from "./metrics.ts";
import { moveCapture, type RunnerRow, readForRunner } from "./store.ts";

/** The alarm that stands while another handler runs: should that one be cut off, this one comes. */
const WATCHDOG_MS = 60_000;
/** How long the metrics of a running capture are good for. */
const METRICS_CACHE_MS = 30_000;
/** How many different questions (metrics, period) are remembered: the points of one can take 8 MB of an isolate's 128. */
const MAX_CACHED = 4;

/** The attempts to start so far. */
interface Attempts {
  count: number;
  /** When the first was made. */
  since: number;
  /** Why the last one did not succeed. */
  problem?: string;
}

/** Waiting until a moment, for ever (null), or no more at all. */
type Until = number | null;

/**
 * One capture's runner, a Durable Object named after the capture's id. It makes the capture's moves at their time. D1 has
 * the truth; here is only what is needed to go on: the capture's id and the attempts of a start. An alarm may come twice,
 * late, or for a capture that is gone; each reads the row first and does what the row calls for.
 */
export class CaptureRunner extends DurableObject<Env> {
  /** Counts what came in while an alarm was being handled, so that the handler does not sleep over it. */
  #wakes = 0;
  #metrics = new Map<string, { until: number; result: Promise<AwsResult<MetricPoint[][]>> }>();

  /**
   * Tells the runner that its capture needs it at a time, in milliseconds since the epoch; at once if that has passed. An
   * alarm that is due earlier stays.
   */
  async wake(captureId: number, at: number): Promise<void> {
    const { storage } = this.ctx;
    this.#wakes++;
    storage.kv.put("captureId", captureId);
    const alarm = await storage.getAlarm();
    if (alarm === null || at < alarm) await storage.setAlarm(Math.max(at, Date.now() + 1));
  }

  /**
   * What cron does for a capture that has not moved in time: makes sure that there is an alarm, and a near one. A runner
   * that is between two attempts has one and is left alone.
   */
  async rearm(captureId: number): Promise<void> {
    const alarm = await this.ctx.storage.getAlarm();
    if (alarm === null || alarm > Date.now() + MAX_RETRY_MS) await this.wake(captureId, Date.now());
  }

  /** Does what the capture calls for now, and sets the alarm for what comes next. */
  override async alarm(): Promise<void> {
    const { storage } = this.ctx;
    const captureId = storage.kv.get<number>("captureId");
    if (captureId === undefined) return;
    // Before anything that can be slow or cut off.
    await storage.setAlarm(Date.now() + WATCHDOG_MS);
    try {
      let wakes: number;
      let until: Until | "rest";
      do {
        wakes = this.#wakes;
        until = await this.#advance(captureId);
      } while (wakes !== this.#wakes);
      if (until === "rest") {
        await storage.deleteAll();
      } else if (until === null) {
        await storage.deleteAlarm();
      } else {
        await storage.setAlarm(Math.max(until, Date.now() + 1));
      }
    } catch (error) {
      // Not foreseen, D1 being away among it. The watchdog tries again; thrown on, it would be given up after six times.
      log.error("capture.alarm.failed", { captureId, ...describeError(error) });
    }
  }

  /** Makes every move that can be made now. Returns when to go on. */
  async #advance(captureId: number): Promise<Until | "rest"> {
    const { DB } = this.env;
    for (;;) {
      const capture = await readForRunner(DB, captureId);
      if (capture === null) return "rest";
      const now = Date.now();
      const step = nextStep(capture, now);
      switch (step.do) {
        case "rest":
          return "rest";
        case "wait":
          return step.until;
        case "move":
          await this.#move(capture, this.#withProblem(step.move), now);
          break;
        case "start": {
          const again = await this.#start(capture, now);
          if (again !== undefined) return again;
        }
      }
    }
  }

  /** A failure, with what kept the capture from starting until then. */
  #withProblem(move: Move): Move {
    const problem = this.ctx.storage.kv.get<Attempts>("attempts")?.problem;
    if (move.reason === undefined || problem === undefined) return move;
    return { ...move, reason: `${move.reason}. ${problem}` };
  }

  /** Makes one move. That it was not made means that the capture has moved otherwise: the row says how to go on. */
  async #move(capture: RunnerRow, move: Move, now: number): Promise<void> {
    const moved = await moveCapture(this.env.DB, capture, move, "runner", now);
    const { from, to, reason } = move;
    log.info("capture.moved", {
      captureId: capture.id,
      from,
      to,
      moved,
      ...(reason === undefined ? {} : { reason }),
    });
  }

  /**
   * Tries to start the capture: asks AWS whether its instance is there and up.
   * @returns when to try again; undefined when the capture has moved
   */
  async #start(capture: RunnerRow, now: number): Promise<number | undefined> {
    const { kv } = this.ctx.storage;
    const attempts = kv.get<Attempts>("attempts") ?? { count: 0, since: now };
    attempts.count++;
    // Counted before the call, or an attempt that kills the process would be made for ever.
    kv.put("attempts", attempts);
    const problem = await this.#check(capture, now);
    const answered = Date.now();
    if (problem === null) {
      await this.#move(capture, run(capture, answered), answered);
      return;
    }
    kv.put("attempts", { ...attempts, problem: problem.reason });
    const delay = retryDelay(attempts.count, Math.random());
    if (problem.transient && answered + delay < attempts.since + START_RETRY_MS) {
      log.warn("capture.start.retry", {
        captureId: capture.id,
        attempt: attempts.count,
        delay,
        reason: problem.reason,
      });
      return answered + delay;
    }
    const reason = problem.transient
      ? `Tried ${attempts.count} times to start. ${problem.reason}`
      : problem.reason;
    await this.#move(capture, fail("STARTING", reason), answered);
    return;
  }

  /** Why the capture can't start now, or null when it can. */
  async #check(capture: RunnerRow, now: number): Promise<{ transient: boolean; reason: string } | null> {
    const { region, instance } = capture;
    const found = await askAs(this.env, capture, now, (keys) =>
      inspectInstance(this.env, region, instance, keys),
    );
    if (!found.ok)
      return { transient: isTransient(found.failure), reason: explain(found.failure, instance, region) };
    const { status } = found.value;
    if (!DOWN.has(status) && !COMING_UP.has(status)) return null;
    return {
      transient: COMING_UP.has(status),
      reason: `The instance ${instance} is ${status}: it has to be available`,
    };
  }

  /** What the running capture has of its workload; null when it has none yet. */
  async workload(_captureId: number): Promise<WorkloadState | null> {
    return null;
  }

  /** The metrics of the running capture: the same question is put to AWS once in a while only, whoever asks. */
  async metrics(request: MetricsRequest): Promise<AwsResult<MetricPoint[][]>> {
    const now = Date.now();
    const key = `${request.window.start}/${request.window.period}/${request.metrics}`;
    const cached = this.#metrics.get(key);
    if (cached !== undefined && now < cached.until) return cached.result;
    const result = fetchMetrics(this.env, request, now);
    if (this.#metrics.size >= MAX_CACHED) this.#metrics.clear();
    this.#metrics.set(key, { until: now + METRICS_CACHE_MS, result });
    try {
      const settled = await result;
      // A failure is answered once, not for half a minute.
      if (!settled.ok) this.#metrics.delete(key);
      return settled;
    } catch (error) {
      this.#metrics.delete(key);
      throw error;
    }
  }
}

// RDS User Guide, "Viewing Amazon RDS DB instance status". In any other state the database is there to be recorded.
const DOWN: ReadonlySet<string> = new Set([
  "deleting",
  "failed",
  "inaccessible-encryption-credentials",
  "incompatible-network",
  "incompatible-parameters",
  "incompatible-restore",
  "insufficient-capacity",
  "restore-error",
  "stopped",
  "stopping",
  "storage-full",
]);
const COMING_UP: ReadonlySet<string> = new Set([
  "creating",
  "maintenance",
  "rebooting",
  "renaming",
  "starting",
  "upgrading",
]);
