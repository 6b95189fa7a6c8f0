import { DurableObject } from "cloudflare:workers";
import { checkedClock, MAX_SKEW_MS } from "../db/clock.ts";
import { type Env, positiveNumber } from "../env.ts";
import { releaseLease } from "../leases/release.ts";
import { armBy, isArmedBy, setWatchdog } from "../lib/alarms.ts";
import { describeError, log } from "../lib/log.ts";
import { archivable, archiveMetrics } from "../metrics/archive.ts";
import { archiveKey } from "../metrics/archive-format.ts";
import { MetricsCache } from "../metrics/cache.ts";
import { type CachedRequest, fetchMetrics, type MetricsResult } from "../metrics/call.ts";
import { Collector } from "../workload/collecting/collector.ts";
import { StorageFailure } from "../workload/stored/storage-failure.ts";
import { isGrowing, type WorkloadState } from "../workload/workload-state.ts";
import { fail, finish, heartbeat, type Move, nextStep, stopAtLimit } from "./lifecycle.ts";
import { LiveSockets } from "./live.ts";
import { LogWatch } from "./log-watch.ts";
import { archiveRetryDelay, MAX_RETRY_MS } from "./retry.ts";
import {
  finishArchive,
  moveCapture,
  noteAlive,
  postponeArchive,
  type RunnerRow,
  readForRunner,
} from "./runner-store.ts";
import { CaptureStart } from "./start.ts";

/** How long a handler of an alarm is given before the watchdog comes. */
const WATCHDOG_MS = 20_000;
/** How long an alarm is held back that would come again at once, by a clock that is ahead. */
const AHEAD_PAUSE_MS = 1000;
/** Why a capture has failed whose recording can't be read. */
const UNREADABLE =
  "What the service kept of the recording can't be read any more, so that it could not go on. What was stored until then is kept";

/**
 * One capture's runner, a Durable Object named after the capture's id. It makes the capture's moves at their time. D1 has
 * the truth; here is only what is needed to go on: the capture's id and the attempts to start and to archive. An alarm may
 * come twice, late, or for a capture that is gone; each reads the row first and does what the row calls for. It rests, with
 * nothing left in its storage, once the capture has ended and its metrics are stored.
 */
export class CaptureRunner extends DurableObject<Env> {
  /** Counts what came in while an alarm was being handled, so that the handler does not sleep over it. */
  #wakes = 0;
  /** What time it is, as far as is known from the last reading of the row: this machine's clock may be wrong. */
  #now = () => Date.now();
  readonly #collector = new Collector(this.ctx.storage, this.env);
  readonly #start = new CaptureStart(this.ctx.storage, this.env, this.#collector);
  readonly #watch = new LogWatch(this.ctx.storage, this.env, this.#collector);
  readonly #live = new LiveSockets(this.ctx, this.env, () => this.#collector.state());
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
   * What cron does for a capture that has not moved in time: makes sure that there is an alarm, and a near one. A runner
   * that is between two attempts has one and is left alone.
   */
  async rearm(captureId: number): Promise<void> {
    const now = Date.now();
    if (!(await isArmedBy(this.ctx.storage, now + MAX_RETRY_MS))) await this.wake(captureId, now);
  }

  /** Does what the capture calls for now, and sets the alarm for what comes next. */
  override async alarm(): Promise<void> {
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
      // Not foreseen, D1 being away among it. The watchdog tries again; thrown on, it would be given up after six times.
      log.error("capture.alarm.failed", { captureId, ...describeError(error) });
      this.#collector.noteProblem(sayError(error));
      await this.#live.progressed();
    }
  }

  /** Makes every move that can be made now. Returns when to go on. */
  async #advance(captureId: number): Promise<number | "rest"> {
    const { DB } = this.env;
    for (;;) {
      const capture = await readForRunner(DB, captureId);
      if (capture === null) {
        // Erased, perhaps while its metrics were being stored.
        await this.env.BUCKET.delete(archiveKey(captureId));
        await this.#live.progressed();
        return "rest";
      }
      this.#now = checkedClock(capture.databaseNow);
      if (await this.#givesUp(capture)) continue;
      await this.#live.moved(capture);
      const now = this.#now();
      if (capture.status === "FAILED") await this.#abandon(capture);
      const step = nextStep(capture, now);
      switch (step.do) {
        case "rest":
          return "rest";
        case "wait":
          return step.until;
        case "collect": {
          const again = await this.#collect(capture, step.until);
          if (again !== undefined) return again;
          break;
        }
        case "finish": {
          const again = await this.#finish(capture, now);
          if (again !== undefined) return again;
          break;
        }
        case "move":
          await this.#move(capture, this.#withProblem(step.move), now);
          break;
        case "start": {
          const started = await this.#start.attempt(capture, this.#now);
          if ("again" in started) return started.again;
          await this.#move(capture, started.move, started.at);
          break;
        }
        case "archive": {
          const again = await this.#archive(capture, now);
          if (again !== undefined) return again;
        }
      }
    }
  }

  /** Gives a capture up whose recording can't be read; whether it was one. What becomes of its records, `#abandon` sees to. */
  async #givesUp(capture: RunnerRow): Promise<boolean> {
    const damage = isGrowing(capture.status) ? this.#collector.damage() : null;
    if (damage === null) return false;
    log.error("capture.recording.unreadable", { captureId: capture.id, ...describeError(damage) });
    await this.#move(capture, fail(capture.status, UNREADABLE), this.#now());
    return true;
  }

  /** A failure, with what kept the capture from starting until then. */
  #withProblem(move: Move): Move {
    const { problem } = this.#start;
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
   * Collects what the log has that is new, and shows cron that it still does: only then, so that cron comes to know of a
   * capture whose every reading is cut off. AWS or R2 being away is no such thing: the log keeps what was not read.
   * @param end when the capture is to end; null when nobody knows
   * @returns when to go on; undefined when the capture has moved
   */
  async #collect(capture: RunnerRow, end: number | null): Promise<number | undefined> {
    // Stopped while the log was being read, the row says until when that is the capture's.
    const { pause, bytes, caughtUp } = await this.#collector.collect(
      capture,
      async () => (await readForRunner(this.env.DB, capture.id))?.end ?? end,
    );
    if (caughtUp) await this.#watch.look(capture, this.#now());
    await this.#live.progressed();
    const now = this.#now();
    const limit = capture.maxBytes ?? positiveNumber(this.env, "MAX_CAPTURE_BYTES");
    if (bytes >= limit) {
      await this.#move(capture, stopAtLimit(limit, now), now);
      return;
    }
    await this.#showAlive(capture, now);
    return Math.min(now + pause, end ?? Number.POSITIVE_INFINITY);
  }

  /** Shows cron that the runner does what it can, now and then. */
  async #showAlive(capture: RunnerRow, now: number): Promise<void> {
    const due = heartbeat(capture, now);
    if (due !== null) await noteAlive(this.env.DB, capture.id, due);
  }

  /**
   * Stores the rest of the workload and gives the log back. Of a deleted capture, nothing more is stored.
   * @returns when to go on; undefined when the capture has moved
   */
  async #finish(capture: RunnerRow, now: number): Promise<number | undefined> {
    let missing: string | null = null;
    if (capture.deletedAt === null && capture.end !== null) {
      const finished = await this.#collector.finish({ ...capture, end: capture.end }, now);
      if ("pause" in finished) {
        if (this.#collector.problem() !== null) {
          await this.#showAlive(capture, this.#now());
          await this.#live.progressed();
        }
        return this.#now() + finished.pause;
      }
      ({ missing } = finished);
    }
    await this.#releaseLease(capture.id);
    await this.#move(capture, finish(capture, missing), this.#now());
    return;
  }

  /** Stores what was recorded of a capture that was given up while it ran, and releases its lease; once. */
  async #abandon(capture: RunnerRow): Promise<void> {
    const { kv } = this.ctx.storage;
    if (kv.get("abandoned") === true) return;
    // First: the customer's log is not left on because ours can't be stored.
    await this.#releaseLease(capture.id);
    if (capture.deletedAt === null && capture.end !== null) {
      await this.#collector.abandon({ ...capture, end: capture.end }, capture.reason ?? "The capture failed");
    }
    kv.put("abandoned", true);
  }

  /** Releases the lease on the log. When it can't be reached, cron does it: nothing that is recorded depends on it. */
  async #releaseLease(captureId: number): Promise<void> {
    try {
      await releaseLease(this.env, captureId);
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
    // Who watches a capture that has long to wait must not watch for ever.
    const recheck = await this.#live.recheck();
    if (recheck !== null) await armBy(this.ctx.storage, recheck);
    return reply;
  }

  override webSocketMessage(socket: WebSocket): void {
    this.#live.refuseMessage(socket);
  }

  /** What has been recorded so far, of a capture that runs or has just ended; null before the beginning. */
  async workload(): Promise<WorkloadState | null> {
    return this.#collector.state();
  }

  /**
   * Stores the metrics of the capture that has ended. Each step can be repeated: an attempt is claimed in the database, which
   * says when the next may be made, before anything else; the stored object has one name; last the row says that it is there.
   * @returns when to go on; undefined when the row says so
   */
  async #archive(capture: RunnerRow, now: number): Promise<number | "rest" | undefined> {
    const { DB, BUCKET } = this.env;
    const { kv } = this.ctx.storage;
    const { id: captureId } = capture;
    const able = archivable(capture, now);
    if ("never" in able) {
      await finishArchive(DB, captureId, null);
      log.info("capture.metrics.dropped", { captureId, reason: able.never });
      return "rest";
    }
    if ("notBefore" in able) {
      await postponeArchive(DB, capture, able.notBefore);
      return;
    }
    const attempt = (kv.get<number>("archiveAttempts") ?? 0) + 1;
    const delay = archiveRetryDelay(attempt, Math.random());
    if (!(await postponeArchive(DB, capture, now + delay))) return;
    kv.put("archiveAttempts", attempt);
    const stored = await archiveMetrics(this.env, capture, able.window, now);
    if (!stored.ok) {
      log.warn("capture.metrics.retry", { captureId, attempt, delay, reason: stored.reason });
      return now + delay;
    }
    if (await finishArchive(DB, captureId, this.#now())) {
      log.info("capture.metrics.archived", { captureId, attempt, ...stored.summary });
      return "rest";
    }
    // Deleted meanwhile: its data may have been erased before this came.
    await BUCKET.delete(archiveKey(captureId));
    return;
  }

  /** The capture's metrics, as CloudWatch has them or had them just now. */
  metrics(request: CachedRequest): Promise<MetricsResult> {
    return this.#metrics.read(request, Date.now());
  }
}

/** What kept a runner from going on, for people: of what was not foreseen only its kind, since its words may hold anything. */
function sayError(error: unknown): string {
  if (error instanceof StorageFailure) return error.message;
  const { name, message } = error instanceof Error ? error : new Error();
  if (message.startsWith("D1_")) return "The database of this service did not do what it was asked";
  return `This service met an error of its own (${name}): its log says more`;
}
