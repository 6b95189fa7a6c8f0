import { DurableObject } from "cloudflare:workers";
import { checkedClock, MAX_SKEW_MS } from "../db/clock.ts";
import { hasEnded } from "../db/states.ts";
import { type Env, positiveNumber, sealsAll } from "../env.ts";
import { releaseLease, releaseLeaseLater } from "../leases/release.ts";
import { armBy, isArmedBy, setWatchdog } from "../lib/alarms.ts";
import { describeError, log } from "../lib/log.ts";
import { MetricsCache } from "../metrics/cache.ts";
import { type CachedRequest, fetchMetrics, type MetricsResult } from "../metrics/call.ts";
import type { Counts } from "../webhooks/facts.ts";
import { tellQueue } from "../webhooks/outbox.ts";
import { Collector } from "../workload/collecting/collector.ts";
import { StorageFailure } from "../workload/stored/storage-failure.ts";
import type { LogSpans, Span } from "../workload/timing/span.ts";
import { toCounts } from "../workload/to-reply.ts";
import {
  isGrowing,
  type LogDigests,
  type LogSeries,
  type WorkloadState,
} from "../workload/workload-state.ts";
import { ClusterRoleWatch } from "./cluster-role.ts";
import { GapWatch } from "./gap-watch.ts";
import { fail, finish, heartbeat, nextStep, type Step, stopAtLimit, type Transition } from "./lifecycle.ts";
import { LiveSockets } from "./live.ts";
import { LogWatch } from "./log-watch.ts";
import { MetricsArchiving } from "./metrics-archiving.ts";
import { MAX_RETRY_MS } from "./retry.ts";
import { makeTransition, noteAlive, noteObstacle, type RunnerRow, readForRunner } from "./runner-store.ts";
import { CaptureStart } from "./start.ts";
import { type Awaited, Waiting } from "./waiting.ts";

/** How long a handler of an alarm is given before the watchdog comes. */
const WATCHDOG_MS = 20_000;
/** How long an alarm is held back that would come again at once, by a clock that is ahead. */
const AHEAD_PAUSE_MS = 1000;
/** Why a capture has failed whose recording can't be read. */
const UNREADABLE =
  "What the service kept of the recording can't be read any more, so that it could not go on. What was stored until then is kept";
/** Why the end of a capture is missing that was deleted while it ran. */
const DELETED = "The capture was deleted while it ran, and its log was not read any further";

/**
 * One capture's runner, a Durable Object named after the capture's id. It makes the capture's transitions at their time. D1 has
 * the truth; here is only what is needed to go on: the capture's id and the attempts to start and to archive. An alarm may
 * come twice, late, or for a capture that is gone; each reads the row first and does what the row calls for. It rests, with
 * nothing left in its storage, once the capture has ended and its metrics are stored.
 */
export class CaptureRunner extends DurableObject<Env> {
  /** Counts what came in while an alarm was being handled, so that the handler does not sleep over it. */
  #wakes = 0;
  /** The alarms that are being handled just now: one may come while another runs. */
  readonly #handling = new Set<Promise<void>>();
  /** What time it is, as far as is known from the last reading of the row: this machine's clock may be wrong. */
  #now = () => Date.now();
  readonly #collector = new Collector(this.ctx.storage, this.env);
  readonly #roles = new ClusterRoleWatch(this.ctx.storage, this.env);
  readonly #start = new CaptureStart(this.ctx.storage, this.env, this.#collector, this.#roles);
  readonly #watch = new LogWatch(this.ctx.storage, this.env, this.#collector);
  readonly #live = new LiveSockets(this.ctx, this.env, () => this.#collector.state());
  readonly #gaps = new GapWatch(this.ctx.storage, this.env, () => this.#collector.state());
  readonly #waiting = new Waiting();
  readonly #archiving = new MetricsArchiving(this.ctx.storage, this.env);
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
   * Forgets what was recorded of a capture whose workload is erased, once no alarm is being handled that may store some of it. What comes
   * later reads the row, and stores nothing any more. Metrics that are still to be archived are.
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
        await this.#archiving.erase(captureId);
        this.#waiting.tell(null);
        await this.#live.progressed();
        return "rest";
      }
      this.#now = checkedClock(capture.databaseNow);
      if (await this.#failsUnreadable(capture)) continue;
      this.#waiting.tell(capture);
      await this.#live.transitioned(capture);
      const now = this.#now();
      if (capture.status === "FAILED" && capture.erasedAt === null)
        await this.#abandon(capture, capture.reason ?? "The capture failed");
      const again = await this.#do(nextStep(capture, now), capture, now);
      if (again !== undefined) return again;
    }
  }

  /**
   * Does what the capture calls for.
   * @returns when to go on; undefined when the row says so
   */
  async #do(step: Step, capture: RunnerRow, now: number): Promise<number | "rest" | undefined> {
    switch (step.do) {
      case "rest":
        return "rest";
      case "wait":
        return step.until;
      case "collect":
        return this.#collect(capture, step.until);
      case "finish":
        return this.#finish(capture, now);
      case "archive":
        return this.#archiving.attempt(capture, this.#now);
      case "transition":
        await this.#make(this.#withProblem(step.transition), capture, now);
        return;
      case "start": {
        const started = await this.#start.attempt(capture, this.#now);
        if ("again" in started) {
          await this.#showObstacle(capture, started.obstacle);
          return started.again;
        }
        await this.#make(started.transition, capture, started.at);
        return;
      }
    }
  }

  /** Shows what stands in the way of the start, if it is not shown yet. */
  async #showObstacle({ id, obstacle: shown }: RunnerRow, obstacle: string): Promise<void> {
    if (obstacle === shown) return;
    await noteObstacle(this.env.DB, id, obstacle);
    await this.#live.progressed();
  }

  /** Fails a capture whose recording can't be read. Returns whether it did. `#abandon` then stores what is left of its records. */
  async #failsUnreadable(capture: RunnerRow): Promise<boolean> {
    const damage = isGrowing(capture.status) ? this.#collector.damage() : null;
    if (damage === null) return false;
    log.error("capture.recording.unreadable", { captureId: capture.id, ...describeError(damage) });
    await this.#make(fail(capture.status, UNREADABLE), capture, this.#now());
    return true;
  }

  /** A failure, with what kept the capture from starting until then. */
  #withProblem(transition: Transition): Transition {
    const { problem } = this.#start;
    if (transition.reason === undefined || problem === undefined) return transition;
    return { ...transition, reason: `${transition.reason}. ${problem}` };
  }

  /** Makes a transition. When it was not made, somebody else has made one: the row says how to go on. */
  async #make(transition: Transition, capture: RunnerRow, now: number): Promise<void> {
    const { from, to, reason } = transition;
    const counts = to === "DONE" ? this.#counts() : null;
    const { moved, told } = await makeTransition(
      this.env.DB,
      capture,
      transition,
      "runner",
      now,
      counts,
      sealsAll(this.env),
    );
    if (told) await tellQueue(this.env, capture.id);
    log.info("capture.moved", {
      captureId: capture.id,
      from,
      to,
      moved,
      ...(reason === undefined ? {} : { reason }),
    });
  }

  /** What was recorded so far; null before there is anything. */
  #counts(): Counts | null {
    const [first, ...more] = this.#collector.state()?.manifests ?? [];
    return first === undefined ? null : toCounts([first, ...more]);
  }

  /**
   * Collects what is new in the log, and then shows cron that the runner is alive: not before, so that cron notices a capture
   * whose every reading is cut off. An outage of AWS or R2 is no reason for cron: the log keeps what was not read.
   * @param end when the capture is to end; null when it has no end yet
   * @returns when to go on; undefined after a transition
   */
  async #collect(capture: RunnerRow, end: number | null): Promise<number | undefined> {
    // Stopped or extended while the log was being read, the row says until when that is the capture's.
    const { pause, bytes, caughtUp } = await this.#collector.collect(capture, async () => {
      const row = await readForRunner(this.env.DB, capture.id);
      return row === null ? end : (row.end ?? row.scheduledEnd);
    });
    if (caughtUp) await this.#watch.look(capture, this.#now());
    await this.#roles.look(capture, this.#now());
    await this.#gaps.look(capture, this.#now());
    await this.#live.progressed();
    const now = this.#now();
    const limit = capture.maxBytes ?? positiveNumber(this.env, "MAX_CAPTURE_BYTES");
    if (bytes >= limit) {
      await this.#make(stopAtLimit(limit, now), capture, now);
      return;
    }
    await this.#showAlive(capture, now);
    return Math.min(now + pause, end ?? Number.POSITIVE_INFINITY);
  }

  /** Shows cron that the runner is alive, when that is due. */
  async #showAlive(capture: RunnerRow, now: number): Promise<void> {
    const due = heartbeat(capture, now);
    if (due !== null) await noteAlive(this.env.DB, capture.id, due);
  }

  /**
   * Stores the rest of the workload and releases the lease on the log, after a grace. The log of a deleted capture is not read any further; what was
   * recorded of it is kept, since it may be brought back.
   * @returns when to go on; undefined after a transition
   */
  async #finish(capture: RunnerRow, now: number): Promise<number | undefined> {
    let missing: string | null = null;
    if (capture.deletedAt !== null) {
      await this.#abandon(capture, DELETED);
      missing = DELETED;
    } else if (capture.end !== null) {
      const finished = await this.#collector.finish({ ...capture, end: capture.end }, now);
      if ("pause" in finished) {
        if (this.#collector.problem() !== null) {
          await this.#showAlive(capture, this.#now());
          await this.#live.progressed();
        }
        return this.#now() + finished.pause;
      }
      ({ missing } = finished);
      await this.#gaps.look(capture, this.#now());
    }
    // At once if it was deleted, which ends all that it costs.
    await this.#giveBack(capture.id, capture.deletedAt === null ? releaseLeaseLater : releaseLease);
    await this.#make(finish(capture, missing), capture, this.#now());
    return;
  }

  /** Stores what was recorded of a capture that failed or was deleted while it ran, and releases its lease; once. */
  async #abandon(capture: RunnerRow, cause: string): Promise<void> {
    const { kv } = this.ctx.storage;
    if (kv.get("abandoned") === true) return;
    // First, or a customer's log would be left on because R2 is away.
    await this.#giveBack(capture.id, releaseLease);
    if (capture.end !== null) await this.#collector.abandon({ ...capture, end: capture.end }, cause);
    kv.put("abandoned", true);
  }

  /** Releases the lease on the log. When it can't be reached, cron does it: nothing that is recorded depends on it. */
  async #giveBack(
    captureId: number,
    release: (env: Env, captureId: number) => Promise<unknown>,
  ): Promise<void> {
    try {
      await release(this.env, captureId);
    } catch (error) {
      log.warn("capture.lease.away", { captureId, ...describeError(error) });
    }
  }

  /** What keeps the capture from going on, for cron; null when nothing is known to. */
  async problem(): Promise<string | null> {
    return this.#collector.problem()?.reason ?? this.#start.problem ?? null;
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
