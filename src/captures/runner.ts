import { DurableObject } from "cloudflare:workers";
import { checkedClock, MAX_SKEW_MS } from "../db/clock.ts";
import { hasEnded } from "../db/states.ts";
import type { Env } from "../env.ts";
import { armBy, isArmedBy, setWatchdog } from "../lib/alarms.ts";
import { describeError, log } from "../lib/log.ts";
import { MetricsCache } from "../metrics/cache.ts";
import { type CachedRequest, fetchMetrics, type MetricsResult } from "../metrics/call.ts";
import { Collector } from "../workload/collecting/collector.ts";
import { StorageFailure } from "../workload/stored/storage-failure.ts";
import type { LogSpans, Span } from "../workload/timing/span.ts";
import type { LogDigests, LogSeries, WorkloadState } from "../workload/workload-state.ts";
import { LiveSockets } from "./live.ts";
import { MAX_RETRY_MS } from "./retry.ts";
import { readForRunner } from "./runner-store.ts";
import { CaptureSteps } from "./steps.ts";
import { type Awaited, Waiting } from "./waiting.ts";

/** How long a handler of an alarm is given before the watchdog comes. */
const WATCHDOG_MS = 20_000;
/** How long an alarm is held back that would come again at once, by a clock that is ahead. */
const AHEAD_PAUSE_MS = 1000;

/**
 * One capture's runner, a Durable Object named after the capture's id. It makes the capture's transitions at their time: when is said
 * here, what is done in steps.ts. D1 has the truth; here is only what is needed to go on: the capture's id and the attempts to start
 * and to archive. An alarm may come twice, late, or for a capture that is gone; each reads the row first and does what the row calls
 * for. It rests, with nothing left in its storage, once the capture has ended and its metrics are stored.
 */
export class CaptureRunner extends DurableObject<Env> {
  /** Counts what came in while an alarm was being handled, so that the handler does not sleep over it. */
  #wakes = 0;
  /** The alarms that are being handled just now: one may come while another runs. */
  readonly #handling = new Set<Promise<void>>();
  /** What time it is, as far as is known from the last reading of the row: this machine's clock may be wrong. */
  #now = () => Date.now();
  readonly #collector = new Collector(this.ctx.storage, this.env);
  readonly #live = new LiveSockets(this.ctx, this.env, () => this.#collector.state());
  readonly #waiting = new Waiting();
  readonly #steps = new CaptureSteps(this.ctx.storage, this.env, this.#collector, this.#live, () =>
    this.#now(),
  );
  readonly #metrics = new MetricsCache((request) => fetchMetrics(this.env, request, Date.now()));

  /**
   * Tells the runner that its capture needs it at a time, in milliseconds since the epoch; at once if that has passed. An
   * alarm that is due earlier stays.
   */
  async wake(captureId: number, at: number): Promise<void> {
    const { storage } = this.ctx;
    this.#wakes++;
    storage.kv.put("captureId", captureId);
    await armBy(storage, at);
  }

  /**
   * What cron does for a capture whose transition is late: makes sure that there is an alarm, and a near one. A runner
   * that is between two attempts has one and is left alone.
   */
  async rearm(captureId: number): Promise<void> {
    const now = Date.now();
    if (!(await isArmedBy(this.ctx.storage, now + MAX_RETRY_MS))) await this.wake(captureId, now);
  }

  /**
   * Forgets what was recorded of a capture whose workload is erased, once no alarm is being handled that may store some of it. An alarm
   * that comes later reads the row, and stores nothing of the workload. Metrics that are not archived yet still will be.
   * @returns whether it did: false when the capture's workload is not to be erased
   */
  async eraseWorkload(captureId: number): Promise<boolean> {
    await Promise.allSettled(this.#handling);
    const capture = await readForRunner(this.env.DB, captureId);
    if (capture !== null && (capture.erasedAt === null || !hasEnded(capture.status))) return false;
    this.#collector.forget();
    await this.ctx.storage.deleteAll();
    if (capture !== null && capture.dueAt !== null) await this.wake(captureId, Date.now());
    return true;
  }

  /** Does what the capture calls for now, and sets the alarm for what comes next. */
  override async alarm(): Promise<void> {
    const handled = this.#handle();
    this.#handling.add(handled);
    await handled.finally(() => this.#handling.delete(handled));
  }

  async #handle(): Promise<void> {
    const { storage } = this.ctx;
    const captureId = storage.kv.get<number>("captureId");
    if (captureId === undefined) return;
    await setWatchdog(storage, WATCHDOG_MS);
    try {
      let wakes: number;
      let until: number | "rest";
      do {
        wakes = this.#wakes;
        until = await this.#advance(captureId);
      } while (wakes !== this.#wakes);
      if (until === "rest") await storage.deleteAll();
      else {
        const recheck = await this.#live.recheck();
        const next = Math.max(Math.min(until, recheck ?? until), this.#now() + 1);
        await storage.setAlarm(next);
        if (next < Date.now() - MAX_SKEW_MS) await scheduler.wait(AHEAD_PAUSE_MS);
      }
    } catch (error) {
      // Not foreseen, such as D1 being away. The watchdog retries; an alarm that throws is retried six times only.
      log.error("capture.alarm.failed", { captureId, ...describeError(error) });
      this.#collector.noteProblem(sayError(error));
      await this.#live.progressed();
    }
  }

  /** Makes every transition that can be made now. Returns when to go on. */
  async #advance(captureId: number): Promise<number | "rest"> {
    for (;;) {
      const capture = await readForRunner(this.env.DB, captureId);
      if (capture === null) {
        // Erased, perhaps while its metrics were being stored.
        await this.#steps.eraseMetrics(captureId);
        this.#waiting.tell(null);
        await this.#live.progressed();
        return "rest";
      }
      this.#now = checkedClock(capture.databaseNow);
      if (await this.#steps.failUnreadable(capture)) continue;
      this.#waiting.tell(capture);
      await this.#live.transitioned(capture);
      const again = await this.#steps.take(capture);
      if (again !== undefined) return again;
    }
  }

  /** What keeps the capture from going on, for cron; null when nothing is known to. */
  async problem(): Promise<string | null> {
    return this.#collector.problem()?.reason ?? this.#steps.problem;
  }

  /** Accepts a WebSocket that watches the capture; other requests come as calls. */
  override async fetch(request: Request): Promise<Response> {
    const reply = await this.#live.accept(request);
    // However long the capture has to wait, those who watch are checked in between.
    const recheck = await this.#live.recheck();
    if (recheck !== null) await armBy(this.ctx.storage, recheck);
    return reply;
  }

  override webSocketMessage(socket: WebSocket): void {
    this.#live.refuseMessage(socket);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#live.answerClose(socket);
  }

  /**
   * Waits until the capture has another state than is known, at most so long.
   * @returns false at once when too many wait
   */
  untilChanged(captureId: number, known: Awaited, milliseconds: number): Promise<boolean> {
    return this.#waiting.until(known, milliseconds, () => readForRunner(this.env.DB, captureId));
  }

  /** What has been recorded so far, of a capture that runs or has just ended; null before the beginning. */
  async workload(): Promise<WorkloadState | null> {
    return this.#collector.state();
  }

  /** The statements that have been counted so far, by log; null before the beginning. */
  async digests(): Promise<LogDigests | null> {
    return this.#collector.digests();
  }

  /** How much has run in each step of time so far, of all or of one statement, by log; null before the beginning. */
  async series(fingerprint: string): Promise<LogSeries | null> {
    return this.#collector.series(fingerprint);
  }

  /** What the series of its logs have of a span of time so far; null before the beginning. */
  async span(span: Span): Promise<LogSpans | null> {
    return this.#collector.span(span);
  }

  /** The capture's metrics, as CloudWatch has them or had them just now. */
  metrics(request: CachedRequest): Promise<MetricsResult> {
    return this.#metrics.read(request, Date.now());
  }
}

/** What kept a runner from going on, for people: of an unforeseen error only its kind, since its message may hold anything. */
function sayError(error: unknown): string {
  if (error instanceof StorageFailure) return error.message;
  const { name, message } = error instanceof Error ? error : new Error();
  if (message.startsWith("D1_")) return "The database of this service did not do what it was asked";
  return `This service met an error of its own (${name}): its log says more`;
}
