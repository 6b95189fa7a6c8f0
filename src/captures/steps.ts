import { type Env, positiveNumber, sealsAll } from "../env.ts";
import { releaseLease, releaseLeaseLater } from "../leases/release.ts";
import { describeError, log } from "../lib/log.ts";
import type { Counts } from "../webhooks/facts.ts";
import { tellQueue } from "../webhooks/outbox.ts";
import type { Collector } from "../workload/collecting/collector.ts";
import { toCounts } from "../workload/to-reply.ts";
import { isGrowing } from "../workload/workload-state.ts";
import { ClusterRoleWatch } from "./cluster-role.ts";
import { GapWatch } from "./gap-watch.ts";
import {
  fail,
  finish,
  heartbeat,
  monthlyLimitReached,
  nextStep,
  type Step,
  stopAtLimit,
  stopAtMonthlyLimit,
  type Transition,
} from "./lifecycle.ts";
import type { LiveSockets } from "./live.ts";
import { LogWatch } from "./log-watch.ts";
import { MetricsArchiving } from "./metrics-archiving.ts";
import { MonthlyLimit } from "./monthly-limit.ts";
import { makeTransition, noteAlive, noteObstacle, type RunnerRow, readForRunner } from "./runner-store.ts";
import { CaptureStart } from "./start.ts";

/** Why a capture has failed whose recording can't be read. */
const UNREADABLE =
  "What the service kept of the recording can't be read any more, so that it could not go on. What was stored until then is kept";
/** Why the end of a capture is missing that was deleted while it ran. */
const DELETED = "The capture was deleted while it ran, and its log was not read any further";

/**
 * What the runner of a capture does for it, step by step, as its row calls for. Each step can be repeated: it may be cut off anywhere.
 */
export class CaptureSteps {
  readonly #storage: DurableObjectStorage;
  readonly #env: Env;
  readonly #collector: Collector;
  readonly #live: LiveSockets;
  readonly #clock: () => number;
  readonly #roles: ClusterRoleWatch;
  readonly #start: CaptureStart;
  readonly #watch: LogWatch;
  readonly #gaps: GapWatch;
  readonly #archiving: MetricsArchiving;
  readonly #monthly: MonthlyLimit;

  /** @param clock what time it is, in milliseconds since the epoch */
  constructor(
    storage: DurableObjectStorage,
    env: Env,
    collector: Collector,
    live: LiveSockets,
    clock: () => number,
  ) {
    this.#storage = storage;
    this.#env = env;
    this.#collector = collector;
    this.#live = live;
    this.#clock = clock;
    this.#roles = new ClusterRoleWatch(storage, env);
    this.#start = new CaptureStart(storage, env, collector, this.#roles);
    this.#watch = new LogWatch(storage, env, collector);
    this.#gaps = new GapWatch(storage, env, () => collector.state());
    this.#archiving = new MetricsArchiving(storage, env);
    this.#monthly = new MonthlyLimit(storage, env);
  }

  /** What keeps the capture from starting; null when nothing is known to. */
  get problem(): string | null {
    return this.#start.problem ?? null;
  }

  /**
   * Does what the capture calls for.
   * @returns when to go on; undefined when the row says so
   */
  async take(capture: RunnerRow): Promise<number | "rest" | undefined> {
    const now = this.#clock();
    if (capture.status === "FAILED" && capture.erasedAt === null)
      await this.#abandon(capture, capture.reason ?? "The capture failed");
    return this.#do(nextStep(capture, now), capture, now);
  }

  /** Deletes what is stored of the metrics of a capture. */
  eraseMetrics(captureId: number): Promise<void> {
    return this.#archiving.erase(captureId);
  }

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
        return this.#archiving.attempt(capture, this.#clock);
      case "transition":
        await this.#make(this.#withProblem(step.transition), capture, now);
        return;
      case "start": {
        if (this.#monthly.isReached(capture)) {
          const reason = monthlyLimitReached(this.#monthly.bytes);
          await this.#make(fail(capture.status, reason), capture, now);
          return;
        }
        const started = await this.#start.attempt(capture, this.#clock);
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
    await noteObstacle(this.#env.DB, id, obstacle);
    await this.#live.progressed();
  }

  /** Fails a capture whose recording can't be read. Returns whether it did. `take` then stores what is left of its records. */
  async failUnreadable(capture: RunnerRow): Promise<boolean> {
    const damage = isGrowing(capture.status) ? this.#collector.damage() : null;
    if (damage === null) return false;
    log.error("capture.recording.unreadable", { captureId: capture.id, ...describeError(damage) });
    await this.#make(fail(capture.status, UNREADABLE), capture, this.#clock());
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
      this.#env.DB,
      capture,
      transition,
      "runner",
      now,
      counts,
      sealsAll(this.#env),
    );
    if (told) await tellQueue(this.#env, capture.id);
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
      const row = await readForRunner(this.#env.DB, capture.id);
      return row === null ? end : (row.end ?? row.scheduledEnd);
    });
    if (caughtUp) await this.#watch.look(capture, this.#clock());
    await this.#roles.look(capture, this.#clock());
    await this.#gaps.look(capture, this.#clock());
    await this.#live.progressed();
    const now = this.#clock();
    const limit = capture.maxBytes ?? positiveNumber(this.#env, "MAX_CAPTURE_BYTES");
    if (bytes >= limit) {
      await this.#make(stopAtLimit(limit, now), capture, now);
      return;
    }
    if (await this.#monthly.note(capture, bytes)) {
      await this.#make(stopAtMonthlyLimit(this.#monthly.bytes, now), capture, now);
      return;
    }
    await this.#showAlive(capture, now);
    return Math.min(now + pause, end ?? Number.POSITIVE_INFINITY);
  }

  /** Shows cron that the runner is alive, when that is due. */
  async #showAlive(capture: RunnerRow, now: number): Promise<void> {
    const due = heartbeat(capture, now);
    if (due !== null) await noteAlive(this.#env.DB, capture.id, due);
  }

  /**
   * Stores the rest of the workload and releases the lease on the log, after a grace. The log of a deleted capture is read no further; what
   * was recorded of it is kept, since it may be brought back.
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
          await this.#showAlive(capture, this.#clock());
          await this.#live.progressed();
        }
        return this.#clock() + finished.pause;
      }
      ({ missing } = finished);
      await this.#gaps.look(capture, this.#clock());
    }
    await this.#monthly.settle(capture, this.#recordedBytes());
    // At once if it was deleted, which ends all that it costs.
    await this.#giveBack(capture.id, capture.deletedAt === null ? releaseLeaseLater : releaseLease);
    await this.#make(finish(capture, missing), capture, this.#clock());
    return;
  }

  /** Stores what was recorded of a capture that failed or was deleted while it ran, and releases its lease; once. */
  async #abandon(capture: RunnerRow, cause: string): Promise<void> {
    const { kv } = this.#storage;
    if (kv.get("abandoned") === true) return;
    // First, or a customer's log would be left on because R2 is away.
    await this.#giveBack(capture.id, releaseLease);
    if (capture.end !== null) await this.#collector.abandon({ ...capture, end: capture.end }, cause);
    await this.#monthly.settle(capture, this.#recordedBytes());
    kv.put("abandoned", true);
  }

  /** How much was recorded, in bytes of NDJSON; 0 where what is kept can't be read. */
  #recordedBytes(): number {
    if (this.#collector.damage() !== null) return 0;
    return (this.#collector.state()?.manifests ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Releases the lease on the log. When it can't be reached, cron does it: nothing that is recorded depends on it. */
  async #giveBack(
    captureId: number,
    release: (env: Env, captureId: number) => Promise<unknown>,
  ): Promise<void> {
    try {
      await release(this.#env, captureId);
    } catch (error) {
      log.warn("capture.lease.away", { captureId, ...describeError(error) });
    }
  }
}
