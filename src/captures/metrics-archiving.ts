import type { Env } from "../env.ts";
import { log } from "../lib/log.ts";
import { archivable, archiveMetrics } from "../metrics/archive.ts";
import { archiveKey } from "../metrics/archive-format.ts";
import { archiveRetryDelay } from "./retry.ts";
import { finishArchive, postponeArchive, type RunnerRow } from "./runner-store.ts";

/** The archiving of the metrics of a runner's capture, which is retried until it succeeds, or CloudWatch has forgotten them. */
export class MetricsArchiving {
  readonly #storage: DurableObjectStorage;
  readonly #env: Env;

  constructor(storage: DurableObjectStorage, env: Env) {
    this.#storage = storage;
    this.#env = env;
  }

  /**
   * Tries to store the metrics of a capture that has ended. Each step can be repeated: an attempt is claimed in the database, which
   * says when the next may be made, before anything else; the stored object has one name; last the row says that it is there.
   * @param clock what time it is, in milliseconds since the epoch
   * @returns when to go on; undefined when the row says so
   */
  async attempt(capture: RunnerRow, clock: () => number): Promise<number | "rest" | undefined> {
    const { DB } = this.#env;
    const { id: captureId } = capture;
    const now = clock();
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
    const attempt = (this.#storage.kv.get<number>("archiveAttempts") ?? 0) + 1;
    const delay = archiveRetryDelay(attempt, Math.random());
    if (!(await postponeArchive(DB, capture, now + delay))) return;
    this.#storage.kv.put("archiveAttempts", attempt);
    const stored = await archiveMetrics(this.#env, capture, able.window, now);
    if (!stored.ok) {
      log.warn("capture.metrics.retry", { captureId, attempt, delay, reason: stored.reason });
      return now + delay;
    }
    if (await finishArchive(DB, captureId, clock())) {
      log.info("capture.metrics.archived", { captureId, attempt, ...stored.summary });
      return "rest";
    }
    // Deleted meanwhile: its data may have been erased before this came.
    await this.erase(captureId);
    return;
  }

  /** Deletes what is stored of the metrics of a capture. */
  async erase(captureId: number): Promise<void> {
    await this.#env.BUCKET.delete(archiveKey(captureId));
  }
}
