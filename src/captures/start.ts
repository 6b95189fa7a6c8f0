import * as z from "zod";
import { isTransient } from "../aws/client.ts";
import { explain } from "../aws/explain.ts";
import type { DbInstance } from "../aws/rds.ts";
import type { Env } from "../env.ts";
import type { ClusterRole } from "../environments/cluster-role.ts";
import { askAs } from "../environments/credentials.ts";
import { inspectInstance } from "../environments/instance.ts";
import { isComingUp, isUp } from "../environments/instance-status.ts";
import { switchOn } from "../leases/general-log.ts";
import { lazy } from "../lib/lazy.ts";
import { describeError, log } from "../lib/log.ts";
import { retryDelay } from "../lib/retry.ts";
import { storedFormat } from "../lib/stored.ts";
import type { Collector } from "../workload/collecting/collector.ts";
import type { ClusterRoleWatch } from "./cluster-role.ts";
import { fail, run, type Transition } from "./lifecycle.ts";
import { START_RETRY_MS } from "./retry.ts";
import type { RunnerRow } from "./runner-store.ts";

const attemptsSchema = lazy(() =>
  z.object({
    count: z.number(),
    /** When the first was made. */
    since: z.number(),
    /** Why the last one did not succeed. */
    problem: z.string().optional(),
  }),
);

/** The attempts to start so far. */
type Attempts = z.output<ReturnType<typeof attemptsSchema>>;

const attemptsFormat = storedFormat("list of attempts to start", 1, attemptsSchema);

/** Why a capture can't start now, and whether waiting may be enough. */
interface Problem {
  transient: boolean;
  reason: string;
}

/** The start of a runner's capture, which is retried until it succeeds, can't succeed, or START_RETRY_MS are over. */
export class CaptureStart {
  readonly #storage: DurableObjectStorage;
  readonly #env: Env;
  readonly #collector: Collector;
  readonly #roles: ClusterRoleWatch;

  constructor(storage: DurableObjectStorage, env: Env, collector: Collector, roles: ClusterRoleWatch) {
    this.#storage = storage;
    this.#env = env;
    this.#collector = collector;
    this.#roles = roles;
  }

  /** What kept the capture from starting until now; undefined when nothing did. */
  get problem(): string | undefined {
    return this.#attempts?.problem;
  }

  /** Undefined before the first. What can't be read is counted anew: it only says for how long to retry. */
  get #attempts(): Attempts | undefined {
    const stored = this.#storage.kv.get("attempts");
    if (stored === undefined) return undefined;
    try {
      return attemptsFormat.read(stored);
    } catch (error) {
      log.error("capture.attempts.unreadable", describeError(error));
      return undefined;
    }
  }

  set #attempts(attempts: Attempts) {
    this.#storage.kv.put("attempts", attemptsFormat.write(attempts));
  }

  /**
   * Tries to start the capture: its instance has to be up, its log on, and the place in the log found to begin at.
   * @param clock what time it is, in milliseconds since the epoch
   * @returns the transition to make and the time it was decided by, or when to try again and what is in the way until then
   */
  async attempt(
    capture: RunnerRow,
    clock: () => number,
  ): Promise<{ transition: Transition; at: number } | { again: number; obstacle: string }> {
    const now = clock();
    const attempts = this.#attempts ?? { count: 0, since: now };
    attempts.count++;
    // Counted before the call, or an attempt that kills the process would be retried for ever.
    this.#attempts = attempts;
    const prepared = await this.#prepare(capture, clock);
    const answered = clock();
    if ("clusterRole" in prepared) {
      const { clusterRole } = prepared;
      const transition = { ...run(capture, answered), ...(clusterRole !== null && { clusterRole }) };
      return { transition, at: answered };
    }
    const problem = prepared;
    this.#attempts = { ...attempts, problem: problem.reason };
    const delay = retryDelay(attempts.count, Math.random());
    if (problem.transient && answered + delay < attempts.since + START_RETRY_MS) {
      log.warn("capture.start.retry", {
        captureId: capture.id,
        attempt: attempts.count,
        delay,
        reason: problem.reason,
      });
      return { again: answered + delay, obstacle: problem.reason };
    }
    const reason = problem.transient
      ? `Tried ${attempts.count} times to start. ${problem.reason}`
      : problem.reason;
    return { transition: fail("STARTING", reason), at: answered };
  }

  /** Makes everything ready for the capture to run. Returns what is in the way, or what its instance is in its cluster. */
  async #prepare(
    capture: RunnerRow,
    clock: () => number,
  ): Promise<Problem | { clusterRole: ClusterRole | null }> {
    const now = clock();
    const checked = await checkInstance(this.#env, capture, now);
    if ("reason" in checked) return checked;
    const [logging, clusterRole] = await Promise.all([
      switchOn(this.#env, capture, checked.instance, now),
      this.#roles.atStart(capture, checked.instance, now),
    ]);
    if (!logging.ready) return logging;
    const begun = await this.#collector.begin(capture, clock(), logging.timing);
    if (begun.ok) return { clusterRole };
    const { failure } = begun;
    return { transient: isTransient(failure), reason: explain(failure, capture.instance, capture.region) };
  }
}

/** Whether a capture's instance is there and up. */
async function checkInstance(
  env: Env,
  capture: RunnerRow,
  now: number,
): Promise<Problem | { instance: DbInstance }> {
  const { region, instance } = capture;
  const found = await askAs(env, capture, now, (keys) => inspectInstance(env, region, instance, keys));
  if (!found.ok)
    return { transient: isTransient(found.failure), reason: explain(found.failure, instance, region) };
  const { status } = found.value;
  if (isUp(status)) return { instance: found.value };
  return {
    transient: isComingUp(status),
    reason: `The instance ${instance} is ${status}: it has to be available`,
  };
}
